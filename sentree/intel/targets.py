"""Who is attacked and where attackers sit, as prose says it: every mention with its quote.

Countries, regions and sectors come from `places.json` beside this module. A mention counts only
in a sentence that speaks of targets or of origin; all others are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from sentree.intel.stix import plain

Kind = Literal["country", "region", "sector"]
MAX_TEXT = 40_000
MAX_QUOTE = 240

_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!\bU\.)(?<!\bU\.S\.)(?<!\be\.g\.)(?<!\bi\.e\.)\s+(?=[\"'(\[A-Z])"
)
_CUE = re.compile(
    r"\b(?:target(?:s|ed|ing)?|victims?|against|attack(?:s|ed|ing)?\s+(?:on|in|at)"
    r"|operations?\s+in|compromis(?:ed|es|ing)|compromises\s+(?:of|at)"
    r"|focus(?:ed|es|ing)?\s+(?:\w+\s+){0,3}(?:on|within|in)\b|breach(?:ed|es|ing)|infect(?:ed|ing)"
    r"|intrusions?\s+(?:at|in|into)|infiltrat\w+|campaigns?\s+(?:in|across|throughout)"
    r"|attacks|hit|struck|interest(?:ed)?\s+in|spanning)\b",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"\b(?:sectors?|industr(?:y|ies)|verticals?|organi[sz]ations?|compan(?:y|ies)|entit(?:y|ies)"
    r"|institutions?|agenc(?:y|ies)|firms?|customers?|providers?|personnel|networks?|targets?"
    r"|victims?|groups?|contractors?|businesses|enterprises?|bodies|ministries|departments?"
    r"|corporations?|suppliers?|operators?|infrastructure|researchers?|interests|services)\b",
    re.IGNORECASE,
)
_ORIGIN_AFTER = re.compile(
    r"(?:['\u2019]s)?(?:\s*\([A-Z]{2,5}\))?[\s-]*"
    r"(?:(?:based|nexus|linked|backed|sponsored|aligned|affiliated|origins?)\b"
    r"|(?:state|government|nation|regime)[\s-]+(?:state|based|backed|sponsored|aligned|linked)"
    r"|(?:\w+[\s-]+){0,2}(?:threat|espionage|APT|hacking|hacker|cyber[\s-]?crim\w*|actors?\b"
    r"|adversar\w+|intrusion\s+set|ransomware\s+(?:group|gang)|e-crime|cyber\s+unit)"
    r"|(?:Main|General|Foreign|Federal|Military|Ministry|Intelligence|Revolutionary|Islamic\s+Rev"
    r"|People|GRU|FSB|SVR|MSS|MOIS|IRGC|Reconnaissance)\b)",
)
_ORIGIN_BEFORE = re.compile(
    r"(?:attributed\s+(?:\w+\s+){0,3}?to|link(?:s|ed)\s+(?:[\w$]+\s+){0,3}?to|nexus\s+to|ties\s+to"
    r"|on\s+behalf\s+of|(?:sponsored|backed|directed|supported|run)\s+by|based\s+in|located\s+in"
    r"|operat\w+\s+(?:out\s+of|from)|originat\w+\s+(?:from|in)|(?:associated|affiliated)\s+with"
    r"|believed\s+to\s+be|suspected(?:\s+to\s+be)?|likely|interests\s+of|aligned\s+with"
    r"|out\s+of)\s+(?:the\s+|a\s+|an\s+)?(?:government\s+of\s+|People's\s+)?$",
    re.IGNORECASE,
)
_VICTIM_AFTER = re.compile(r"\s*(?:\w+\s+)?(?:targets|victims|organi|compan|entit)")
_LANGUAGE = re.compile(r"[\s-]+(?:speaking|language)\b")
_SPEAKER_AFTER = re.compile(
    r"(?:,?\s+and\s+(?:the\s+)?[\w.]+)?\s+(?:governments?|authorities|officials|Department|Treasury"
    r"|Justice|law\s+enforcement|CERT|intelligence\s+community|cyber\w*\s+(?:agency|centre|center))"
    r"\b.{0,40}\b(?:attribut\w+|assess\w+|sa(?:id|ys)|stat(?:ed|es)|link\w+|indict\w+|charg\w+"
    r"|sanction\w+|warn\w+|publi\w+|report\w+|named|unseal\w+)",
)
_SPEAKER_LIST = re.compile(r"\s*(?:,|and)\s+")


class Mention(NamedTuple):
    """A place or sector that prose names as target or as origin, with the words that say so."""

    kind: Kind
    name: str
    origin: bool
    quote: str


class _Lexicon(NamedTuple):
    places: re.Pattern[str]
    sectors: re.Pattern[str]
    place_of: dict[str, tuple[Kind, str]]
    sector_of: dict[str, str]
    codes: dict[str, str]


def read_targets(text: str) -> tuple[Mention, ...]:
    """List the places and sectors a description names as targets or origin, each once."""
    found: dict[tuple[Kind, str, bool], Mention] = {}
    for sentence in _SENTENCE.split(plain(text[:MAX_TEXT])):
        cues = [(match.start(), match.end()) for match in _CUE.finditer(sentence)]
        for mention in (*_places(sentence, cues, text), *_sectors(sentence, cues, text)):
            found.setdefault((mention.kind, mention.name, mention.origin), mention)
    return tuple(found.values())


def country_name(text: str) -> tuple[Kind, str] | None:
    """Read a country or region given as name, adjective or ISO 3166 code; None for others."""
    lexicon = _lexicon()
    word = text.strip()
    if word.upper() in lexicon.codes and len(word) == 2:
        return "country", lexicon.codes[word.upper()]
    key = word.replace("-", " ").replace("_", " ").casefold()
    return next(
        (
            known
            for name, known in lexicon.place_of.items()
            if name.casefold().replace("-", " ") == key
        ),
        None,
    )


def sector_name(text: str) -> str:
    """Bring a sector to its usual name (STIX 2.1 §10.11); an unknown one keeps its own."""
    lexicon = _lexicon()
    word = " ".join(text.replace("_", " ").split()).casefold()
    if word.replace(" ", "-") in set(lexicon.sector_of.values()):
        return word.replace(" ", "-")
    return lexicon.sector_of.get(word) or lexicon.sector_of.get(word.replace("-", " "), word)


def quotable(wanted: tuple[str, ...], source: str) -> str:
    """Give the first passage that stands word for word in the source; empty when none does."""
    folded = " ".join(source.split())
    for one in wanted:
        words = " ".join(one.split()).strip()
        if words and len(words) <= MAX_QUOTE and words in folded:
            return words
    return ""


def _places(sentence: str, cues: list[tuple[int, int]], source: str) -> list[Mention]:
    lexicon = _lexicon()
    found: list[Mention] = []
    matches = list(lexicon.places.finditer(sentence))
    origins = {place for place, match in enumerate(matches) if _is_origin(sentence, match)}
    for place in range(len(matches) - 1):
        pair = {place, place + 1}
        if pair & origins and _joined(sentence, matches[place], matches[place + 1]):
            origins |= pair
    for place, match in enumerate(matches):
        if _speaks(sentence, match) or _LANGUAGE.match(sentence, match.end()):
            continue
        kind, name = lexicon.place_of[match.group()]
        attacked = any(start < match.start() or 0 <= start - match.end() <= 30 for start, _ in cues)
        if place not in origins and not attacked:
            continue
        quote = _passage(sentence, match, cues, source)
        if quote:
            found.append(Mention(kind, name, place in origins, quote))
    return found


def _is_origin(sentence: str, match: re.Match[str]) -> bool:
    before, after = sentence[: match.start()], sentence[match.end() : match.end() + 80]
    if _VICTIM_AFTER.match(after):
        return False
    return bool(_ORIGIN_BEFORE.search(before[-60:]) or _ORIGIN_AFTER.match(after))


def _joined(sentence: str, one: re.Match[str], other: re.Match[str]) -> bool:
    """Tell whether two places are one phrase: `Russian and Belarusian interests`."""
    return sentence[one.end() : other.start()].strip() in ("and", "or", "/") and not (
        _VICTIM_AFTER.match(sentence, other.end())
    )


def _speaks(sentence: str, match: re.Match[str]) -> bool:
    """Tell whether the place is a government that says something, not one that is attacked."""
    after = sentence[match.end() : match.end() + 90]
    if _SPEAKER_AFTER.match(after):
        return True
    following = _SPEAKER_LIST.match(after)
    return bool(following and re.match(r"[\w.]+\s+governments?\b", after[following.end() :]))


def _sectors(sentence: str, cues: list[tuple[int, int]], source: str) -> list[Mention]:
    if not cues:
        return []
    headed = _HEAD.search(sentence) is not None
    lexicon = _lexicon()
    found: list[Mention] = []
    first = cues[0][0]
    for match in lexicon.sectors.finditer(sentence):
        after = sentence[match.end() : match.end() + 30]
        # `banks` or `hospitals` are victims by themselves, `financial` needs a noun.
        if not headed and not match.group().endswith("s"):
            continue
        if match.start() < first and not re.match(r"\s+\w*\s*(?:targets|victims)", after):
            continue
        if re.match(
            r"(?:ly)?[\s-]*(?:motivated|gain|espionage|nexus|sponsored|backed|linked)|\s+engineering",
            after,
        ):
            continue
        quote = _passage(sentence, match, cues, source)
        if quote:
            name = lexicon.sector_of[match.group().casefold()]
            found.append(Mention("sector", name, False, quote))
    return found


def _passage(sentence: str, match: re.Match[str], cues: list[tuple[int, int]], source: str) -> str:
    """Choose the words to quote: the sentence, what follows its cue, or the mention's own words."""
    starts = [start for start, _ in cues if start <= match.start()]
    cue = sentence[max(starts) :] if starts else sentence[match.start() :]
    whole = cue if len(cue) <= MAX_QUOTE else cue[:MAX_QUOTE].rsplit(" ", 1)[0]
    near = sentence[max(match.start() - 60, 0) : match.end() + 60]
    trimmed = near.split(" ", 1)[-1].rsplit(" ", 1)[0]
    after = sentence[match.start() : match.end() + 60].rsplit(" ", 1)[0]
    wanted = [sentence, *([whole] if match.group() in whole else []), trimmed, after]
    return quotable((*wanted, match.group()), source)


@cache
def _lexicon() -> _Lexicon:
    data = json.loads(files("sentree.intel").joinpath("places.json").read_text("utf-8"))
    place_of: dict[str, tuple[Kind, str]] = {}
    for names in data["countries"].values():
        place_of.update({name: ("country", names[0]) for name in names})
    for region, names in data["regions"].items():
        place_of.update({name: ("region", region) for name in names})
    sector_of = {
        name.casefold(): sector for sector, names in data["sectors"].items() for name in names
    }
    return _Lexicon(
        _any_of(place_of, 0),
        _any_of(sector_of, re.IGNORECASE),
        place_of,
        sector_of,
        {code: names[0] for code, names in data["countries"].items()},
    )


def _any_of(names: Iterable[str], flags: int) -> re.Pattern[str]:
    longest = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})(?!\w)", flags)
