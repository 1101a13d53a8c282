"""Help-desk tickets whose subject is told by meaning alone.

The name of a label stands in none of its texts, and telling words (password, mail, screen, cable)
stand in texts of several labels, so that no list of words counts them.
"""

from __future__ import annotations

from random import Random

LABELS: dict[str, tuple[str, ...]] = {
    "account access": (
        "I came back from leave and {system} no longer lets me in.",
        "It says my password has expired but the page to pick a new one only shows a white screen.",
        "My second factor was on the phone I lost, so I am stuck outside {system}.",
        "After three tries {system} tells me to wait, and waiting does nothing.",
        "The new colleague in {team} can't get into her mail yet, she starts today.",
        "I can open {system} but every folder of {team} says I have no rights.",
    ),
    "suspicious message": (
        "Somebody writing as our director wants gift cards by noon, is that really her?",
        "A mail asks me to confirm my password behind a link that spells our name with a zero.",
        "I got an invoice for a cable I never ordered and the attachment wants macros.",
        "A caller from 'the bank' sent a form to my mail, I have not opened it.",
        "Three people in {team} got the same note about an unpaid parcel with an odd link.",
        "Is the survey about {system} ours? The sender ends in a country we don't work in.",
    ),
    "broken device": (
        "The screen of my laptop flickers and goes dark when I move the lid.",
        "Coffee went over the keyboard, half of the letters are dead.",
        "The printer next to {team} eats every second page.",
        "My headset only works when I bend the cable in a certain way.",
        "The fan got so loud that nobody hears me in calls, and it smells warm.",
        "The battery lasts ten minutes since last week.",
    ),
    "no connectivity": (
        "Nobody on the third floor reaches anything since ten, the phones are dead as well.",
        "From home I get thrown out of the tunnel every few minutes.",
        "The whole of {team} sees {system} time out, outside pages too.",
        "Meeting room B: the wall socket gives nothing, with any cable.",
        "Wireless drops whenever I walk to the kitchen and mail stays in the outbox.",
        "The branch at the harbour has been cut off since the storm.",
    ),
    "purchase or licence": (
        "Could {team} get two more seats of the drawing tool before the quarter ends?",
        "I would like a larger screen for my desk, my lead has agreed.",
        "We need {system} for the interns as well, who pays for that?",
        "Please order a spare cable and a dock for the meeting room.",
        "The trial of the statistics package ends on Friday, can we keep it?",
        "Which version of the mail add-on are we allowed to buy?",
    ),
}
_SYSTEMS = ("the wiki", "the payroll page", "the CRM", "the ticket board", "the build server")
_TEAMS = ("accounting", "sales", "the warehouse", "legal", "design")
_OPENINGS = ("", "", "Hi, ", "Hello all, ", "Good morning. ", "Urgent: ")
_CLOSINGS = ("", "", " Thanks!", " Please call me.", " No hurry.", " I am at my desk until four.")


def ticket_text(label: str, rng: Random) -> str:
    """Write one ticket about a label's subject."""
    text = rng.choice(LABELS[label]).format(system=rng.choice(_SYSTEMS), team=rng.choice(_TEAMS))
    return rng.choice(_OPENINGS) + text + rng.choice(_CLOSINGS)
