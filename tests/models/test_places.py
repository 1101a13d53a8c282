"""Where accounts sign in and call from: what is new, what a stolen session looks like."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from embedded_context import START, context_of, event, whole

from models.embedded import EmbeddedAnalyst
from schemas.finding import Finding

OFFICE, HOTEL, RELAY, RENTED = "198.51.100.20", "198.51.100.77", "203.0.113.9", "203.0.113.40"


def sign_in(number: int, user: str, src: str, factor: bool, minute: float) -> dict[str, Any]:
    word = "true" if factor else "false"
    return event(
        number, class_uid=3002, activity_id=1, status_id=1, target_user=user, src_ip=src, host=src,
        time=START + timedelta(minutes=minute), event=f'{{"is_mfa": {word}}}',
    )  # fmt: skip


def call(number: int, user: str, src: str, name: str, minute: float, **more: Any) -> dict[str, Any]:
    return event(
        number, log=more.pop("log", "m365"), class_uid=6003, status_id=1, actor_user=user,
        src_ip=src, host=src, api_operation=name, time=START + timedelta(minutes=minute), **more,
    )  # fmt: skip


def usual() -> list[dict[str, Any]]:
    """Three people at the office, over some hours."""
    people = ("ann", "bob", "cy")
    return [sign_in(n, people[n % 3], OFFICE, True, n * 10) for n in range(30)]


def findings(rows: list[dict[str, Any]]) -> dict[str, Finding]:
    context = context_of(rows)
    return {one.statement: one for one in EmbeddedAnalyst().read(context, whole()).findings}


def test_a_session_used_elsewhere_after_its_factor_was_relayed_is_told_of_both_places():
    rows = [
        *usual(),
        sign_in(100, "ann", RELAY, True, 400),
        sign_in(101, "ann", RENTED, False, 404),
    ]
    found = findings(rows)
    relayed = next(one for text, one in found.items() if "passes the factor on" in text)
    taken = next(one for text, one in found.items() if "stolen session" in text)
    assert relayed.techniques == ("T1557",) and RELAY in relayed.statement
    assert taken.techniques[0] == "T1078.004" and RENTED in taken.statement


def test_a_person_who_works_from_a_hotel_with_the_factor_is_of_low_level():
    found = findings([*usual(), sign_in(100, "ann", HOTEL, True, 400)])
    assert [one.score for text, one in found.items() if HOTEL in text] == [35]


def test_a_sign_in_that_does_not_say_whether_there_was_a_factor_is_not_one_without():
    late = sign_in(100, "ann", HOTEL, True, 400) | {"event": "{}"}
    found = findings([*usual(), late])
    assert not any("without the factor" in text for text in found)


def test_an_address_that_everybody_shares_is_new_for_nobody():
    everybody = enumerate(("ann", "bob", "cy"))
    rows = [*usual(), *(sign_in(100 + n, who, HOTEL, True, 400 + n) for n, who in everybody)]
    assert not any(HOTEL in text for text in findings(rows))


def test_reading_mail_from_a_new_place_is_told_once_an_hour_whatever_the_number_of_records():
    ann, read = "ann@quay.example", "MailItemsAccessed"
    rows = usual() + [call(200 + n, ann, RENTED, read, 400 + n / 10) for n in range(40)]
    told = [text for text in findings(rows) if "read mail from" in text]
    assert len(told) == 1 and "40 records" in told[0]


def test_secrets_read_with_a_key_from_a_new_place_are_told_however_few():
    rows = [
        *(call(n, "bot", OFFICE, "DescribeInstances", n, log="cloudtrail") for n in range(20)),
        call(100, "bot", RENTED, "GetParameters", 400, log="cloudtrail"),
    ]
    told = [one for text, one in findings(rows).items() if "read secrets" in text]
    assert [one.techniques for one in told] == [("T1555.006",)]


def test_the_usual_place_of_a_key_is_silent():
    rows = [call(n, "bot", OFFICE, "GetParameters", n * 10, log="cloudtrail") for n in range(9)]
    assert not any("new for this account" in text for text in findings(rows))


def mail(number: int, sender: str, to: str, files: str = "") -> dict[str, Any]:
    body = f'{{"email": {{"from": "{sender}", "to": ["{to}"], "subject": "s"{files}}}}}'
    return event(number, class_uid=4009, event=body)


def test_a_twin_of_the_companys_name_is_known_by_whom_the_mail_goes_to():
    rows = [mail(n, f"news@shop{n}.example", "ann@harbour.example") for n in range(9)]
    rows += [
        mail(20, "pay@harbour-billing.example.net", "ann@harbour.example"),
        mail(21, "pay@harb0ur.example", "ann@harbour.example"),
        mail(22, "it@mail.harbour.example", "ann@harbour.example"),
    ]
    told = [text for text in findings(rows) if "looks like it" in text]
    assert len(told) == 2 and not any("mail.harbour" in text for text in told)


def test_a_look_up_of_the_sender_of_a_page_is_a_visit():
    page = ', "files": [{"name": "bill.html"}]'
    rows = [mail(n, f"news@shop{n}.example", "ann@harbour.example") for n in range(9)]
    rows += [
        mail(20, "a@docs-sign.example", "ann@harbour.example", page),
        event(60, class_uid=4003, dns_query="login.docs-sign.example", src_ip="10.0.0.5"),
        event(61, class_uid=4003, dns_query="shop1.example", src_ip="10.0.0.5"),
    ]
    told = [text for text in findings(rows) if "looked up within a day" in text]
    assert len(told) == 1 and "docs-sign" in told[0]


def test_one_role_in_a_trail_and_in_an_access_log_shares_no_address_with_itself():
    role = "arn:aws:sts::000011112222:assumed-role/ops/build"
    rows = [
        *(call(n, "ops", OFFICE, "DescribeInstances", n, log="cloudtrail") for n in range(20)),
        call(100, "ops", RENTED, "DescribeInstances", 400, log="cloudtrail"),
        call(101, role, RENTED, "REST.GET.OBJECT", 401, log="cloudtrail"),
        call(102, "bot", RENTED, "REST.GET.OBJECT", 402, log="cloudtrail"),
    ]
    told = [one.user for text, one in findings(rows).items() if "fetched stored objects" in text]
    assert len(told) == 2


def test_a_person_who_copies_many_repositories_within_an_hour_is_told_and_a_build_is_not():
    def copies(who: str, first: int, count: int) -> list[dict[str, Any]]:
        return [
            call(first + n, who, RENTED, "git.clone", 400 + n, log="github",
                 raw=f'{{"action": "git.clone", "actor": "{who}", "repo": "quay/r{n}"}}')
            for n in range(count)
        ]  # fmt: skip

    told = [
        one
        for text, one in findings(
            [*copies("mo", 1, 9), *copies("kim", 50, 3), *copies("ci-bot", 90, 30)]
        ).items()
        if "repositories from" in text
    ]
    assert [(one.user, one.techniques, one.score) for one in told] == [("mo", ("T1213.003",), 50)]


def test_what_a_build_holds_used_from_elsewhere_is_a_stolen_token():
    raw = '{"userIdentity":{"type":"AssumedRole"},"webIdFederationData":{"federatedProvider":"x"}}'
    rows = [
        *(call(n, "ci", OFFICE, "DescribeImages", n, log="cloudtrail", raw=raw) for n in range(20)),
        call(100, "ci", RENTED, "GetCallerIdentity", 400, log="cloudtrail", raw=raw + " "),
    ]
    told = [one for text, one in findings(rows).items() if "a session of ci" in text]
    assert [one.techniques for one in told] == [("T1550.001", "T1078.004")]
