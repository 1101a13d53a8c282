"""Hostile and ordinary cells in the Python sandbox."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.sandbox import SandboxLimits
from sentree.engine.sandbox import PythonSandbox, PythonSession
from sentree.engine.sandbox.boundary import Plain, plain_result, raised, read_request
from sentree.engine.sandbox.output import HeadTail, clip, visible
from sentree.engine.sandbox.prelude import BUILTINS, build
from sentree.errors import SandboxError

from .cases import cases, measured
from .conftest import FUNCTIONS, NOW, SECRET

MOST_GROWTH = 300 * 1024 * 1024
ATTACKS = [case.name for case in cases("attacks.py.txt", Path())]
ORDINARY = [case.name for case in cases("ordinary.py.txt", Path())]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_answered_in_time_and_leaves_the_run_going(
    name: str, session: PythonSession, canary: Path, record_property: pytest.RecordProperty
) -> None:
    case = next(one for one in cases("attacks.py.txt", canary) if one.name == name)
    with measured() as cost:
        output = session.run(case.text)
    record_property("seconds", cost.seconds)
    record_property("growth", cost.growth)
    assert cost.seconds < 5
    assert cost.growth < MOST_GROWTH
    shown = output.text + (output.error or "")
    assert SECRET not in shown
    assert os.environ["PATH"] not in shown
    assert sys.prefix not in shown
    assert len(output.text) <= 8_192
    assert len(output.error or "") <= 2_100
    assert visible(shown) == shown
    assert canary.read_text() == SECRET
    assert [path.name for path in canary.parent.iterdir()] == [canary.name]
    after = (
        session.run("6 * 7, ip_in('10.0.0.1', '10.0.0.0/8')") if "builtins" not in name else None
    )
    assert after is None or (after.text, after.error) == ("(42, True)\n", None)


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_cell_gives_its_value(name: str, session: PythonSession) -> None:
    case = next(one for one in cases("ordinary.py.txt", Path()) if one.name == name)
    output = session.run(case.text)
    assert output.error is None
    assert output.text.rstrip("\n") == case.expected


def test_there_are_enough_attacks_and_ordinary_cells() -> None:
    assert len(set(ATTACKS)) == len(ATTACKS) >= 80
    assert len(set(ORDINARY)) == len(ORDINARY) >= 40


def test_variables_live_on_to_the_next_cell(session: PythonSession) -> None:
    session.run("hosts = ['ws01']\ndef count(): return len(hosts)")
    assert session.run("count()").text == "1\n"


def test_helpers_that_a_cell_rebound_work_again_in_the_next_cell(session: PythonSession) -> None:
    session.run("ctx = query = ip_in = show_vars = None")
    assert (
        session.run("ctx.peek(1), query('p', question='q')['answer']").text == "(['line'], 'q')\n"
    )
    session.run("ctx.peek = lambda n: 'spoofed'")
    assert session.run("ctx.peek(1)").text == "['line']\n"


def test_helpers_work_though_a_cell_rebound_built_in_functions(session: PythonSession) -> None:
    session.run("len = isinstance = repr = sorted = str = dict = list = None")
    assert session.run("query({'a': [1]}, question='q')").text == "{'answer': 'q', 'n': 1}\n"


def test_after_a_time_limit_the_session_is_fresh_and_says_so(session: PythonSession) -> None:
    session.run("x = 1")
    stopped = session.run("while True: pass")
    assert stopped.killed
    assert "all variables are gone" in (stopped.error or "")
    assert "ran longer" in (stopped.error or "")
    assert "NameError" in (session.run("x").error or "")


def test_a_session_out_of_calls_says_so_and_keeps_its_variables(session: PythonSession) -> None:
    output = session.run("x = 5\nfor i in range(60): query('p')")
    assert output.calls == 50
    assert "no calls left (allowed 50)" in (output.error or "")
    for _ in range(5):
        session.run("for i in range(400):\n  try: open('/a')\n  except OSError: pass")
    assert session.run("x").text == "5\n"


def test_a_dumped_session_goes_on_in_another_process(
    session: PythonSession, tmp_path: Path
) -> None:
    session.run("import random\nx = {'a': [1, 2]}\ndef double(n): return 2 * n\nlook = ctx.peek")
    (tmp_path / "state").write_bytes(session.dump())
    here = session.run("random.random()").text
    program = (
        "import sys, pathlib, datetime\n"
        "from sentree.engine.sandbox import PythonSandbox\n"
        "state = pathlib.Path(sys.argv[1]).read_bytes()\n"
        "now = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)\n"
        "with PythonSandbox() as sandbox:\n"
        "    session = sandbox.restore(\n"
        "        state, {'ctx.peek': lambda n: ['there'] * n}, calls=3, now=now, seed=7)\n"
        "    print(session.run('double(x[\"a\"][1]), look(1), ctx.peek(1)').text, end='')\n"
        "    print(session.run('random.random()').text, end='')\n"
    )
    there = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "state")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert there == "(4, ['there'], ['there'])\n" + here


def test_variables_too_big_to_store_stay_in_the_session(session: PythonSession) -> None:
    session.run("big = 'x' * 20_000_000")
    assert len(session.dump()) > 20_000_000
    session.run("big = 'x' * 60_000_000")
    with pytest.raises(SandboxError, match="too big to be stored"):
        session.dump()
    assert session.run("len(big)").text == "60000000\n"


def test_a_state_that_is_none_is_one_line(python_sandbox: PythonSandbox) -> None:
    with pytest.raises(SandboxError, match="can't be read"):
        python_sandbox.restore(b"no state", {}, calls=1, now=NOW, seed=1)


def test_clock_and_chance_are_the_same_in_every_session(python_sandbox: PythonSandbox) -> None:
    cell = (
        "import random, time, datetime\nrandom.random(), time.time(), str(datetime.datetime.now())"
    )
    texts: set[str] = set()
    for _ in range(2):
        with python_sandbox.session({}, calls=0, now=NOW, seed=3) as session:
            texts.add(session.run(cell).text)
    assert len(texts) == 1
    assert "2026-01-02 03:04:05" in texts.pop()


def test_sessions_do_not_see_each_other(python_sandbox: PythonSandbox) -> None:
    with python_sandbox.session({}, calls=0, now=NOW, seed=1) as one:
        one.run("secret = 'tenant-a'")
        with python_sandbox.session({}, calls=0, now=NOW, seed=1) as other:
            assert "NameError" in (other.run("secret").error or "")


def test_the_interpreter_has_no_environment_and_no_files_to_write(session: PythonSession) -> None:
    pid = session._session.worker_pid  # pyright: ignore[reportPrivateUsage]
    process = Path(f"/proc/{pid}")
    if not process.is_dir():
        pytest.skip("no /proc")
    assert (process / "environ").read_bytes() == b""
    limits = (process / "limits").read_text()
    assert "Max file size             0" in limits
    assert "Max core file size        0" in limits


def test_long_output_keeps_head_tail_and_true_length(session: PythonSession) -> None:
    output = session.run("for i in range(20000): print('row', i)")
    assert output.text.startswith("row 0\nrow 1\n")
    assert output.text.endswith("row 19999\n")
    assert f"{output.true_length:,} characters in all" in output.text
    assert len(output.text) <= 8_192


def test_an_error_of_a_host_function_names_no_host_path(python_sandbox: PythonSandbox) -> None:
    def locate() -> None:
        raise ValueError(f"not in {Path(__file__)}")

    def crash() -> None:
        raise OSError(f"not in {Path(__file__)}")

    functions = {"locate": locate, "crash": crash}
    with python_sandbox.session(functions, calls=9, now=NOW, seed=1) as session:
        assert "ValueError: not in <path>" in (session.run("locate()").error or "")
        assert "the helper failed (OSError)" in (session.run("crash()").error or "")


def test_an_interrupt_in_a_host_function_passes_through(python_sandbox: PythonSandbox) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with python_sandbox.session({"stop": interrupt}, calls=9, now=NOW, seed=1) as session:
        with pytest.raises(KeyboardInterrupt):
            session.run("stop()")
        assert session.run("1").text == "1\n"


def test_names_that_would_break_the_sandbox_are_refused(python_sandbox: PythonSandbox) -> None:
    for name in ("show_vars", "a b", "__x", "a.b.c", "build", "x = 1\ny"):
        with pytest.raises(ValueError, match="no name"):
            python_sandbox.session({name: len}, calls=1, now=NOW, seed=1)


def test_the_default_limits_answer_within_five_seconds() -> None:
    with PythonSandbox() as sandbox, sandbox.session({}, calls=0, now=NOW, seed=1) as session:
        with measured() as cost:
            assert session.run("while True: pass").killed
        assert cost.seconds < 5


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    code=st.one_of(
        st.text(max_size=300),
        st.lists(
            st.sampled_from(
                [
                    "(",
                    ")",
                    "[",
                    "]",
                    "{",
                    "}",
                    '"',
                    '"""',
                    "'",
                    "\n",
                    "    ",
                    "if x:",
                    "for i in y:",
                    "x",
                    "=",
                    "1",
                    "lambda:",
                    "def f():",
                    "return",
                    "query",
                    "ctx.peek",
                    "(1)",
                    "*",
                    "f'",
                    "\\",
                    "#",
                    ",",
                    ":",
                    "class A:",
                    "try:",
                    "except:",
                    "raise",
                    "import re",
                    "await",
                    "yield",
                    "\x1e",
                    "__show__",
                ]
            ),
            max_size=30,
        ).map(" ".join),
    )
)
def test_any_text_as_a_cell_leaves_the_session_usable(
    code: str, python_sandbox: PythonSandbox
) -> None:
    with python_sandbox.session(FUNCTIONS, calls=5, now=NOW, seed=1) as session:
        output = session.run(code)
        assert len(output.text) <= 8_192
        assert session.run("1 + 1").text == "2\n"


def nested(children: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(children, max_size=4) | st.dictionaries(
        st.text(max_size=5), children, max_size=4
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=20),
        nested,
        max_leaves=12,
    )
)
def test_plain_values_cross_both_ways_unchanged(
    value: object, python_sandbox: PythonSandbox
) -> None:
    got: list[object] = []

    def give() -> object:
        return value

    functions = {"give": give, "take": got.append}
    with python_sandbox.session(functions, calls=5, now=NOW, seed=1) as session:
        assert session.run("take(give())").error is None
    assert got == [value]


@given(text=st.text(max_size=200) | st.recursive(st.just("1"), lambda s: s.map("[{}]".format)))
def test_any_text_as_a_request_is_read_or_refused(text: str) -> None:
    try:
        request = read_request(text, SandboxLimits())
    except ValueError:
        return
    assert isinstance(request.name, str)


@given(ip=st.ip_addresses(), network=st.ip_addresses(), prefix=st.integers(0, 128))
def test_addresses_are_judged_as_the_standard_library_does(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
    network: ipaddress.IPv4Address | ipaddress.IPv6Address,
    prefix: int,
) -> None:
    *_, ip_in, _private = helpers()
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        return
    if isinstance(network, ipaddress.IPv6Address) and network.ipv4_mapped:
        return
    length = min(prefix, network.max_prefixlen)
    cidr = ipaddress.ip_network(f"{network}/{length}", strict=False)
    assert ip_in(str(ip), str(cidr)) is (ip in cidr)


@given(text=st.text(max_size=60))
def test_any_text_as_an_address_is_in_no_network(text: str) -> None:
    *_, ip_in, is_private = helpers()
    try:
        ipaddress.ip_address(text.strip().split("%")[0])
    except ValueError:
        assert ip_in(text, "10.0.0.0/8") is False
        assert is_private(text) is False


@given(pieces=st.lists(st.text(max_size=50), max_size=20), room=st.integers(80, 300))
def test_head_and_tail_fit_and_count_everything(pieces: list[str], room: int) -> None:
    output = HeadTail(room)
    for piece in pieces:
        output.write(piece)
    whole = "".join(pieces)
    assert output.length == len(whole)
    assert len(output.text()) <= room
    assert output.text() == clip(whole, room)


def test_a_result_of_any_shape_is_refused_in_time() -> None:
    shared: list[object] = []
    for _ in range(40):
        shared = [shared, shared]
    cyclic: list[object] = []
    cyclic.append(cyclic)
    for value in (shared, cyclic, "x" * 10_000_000, 10**5000, list(range(1_000_000))):
        with pytest.raises(ValueError, match="too big or too deep"):
            plain_result(value, SandboxLimits())
    with pytest.raises(TypeError):
        Plain(10, 10).copy(object())


def test_an_error_with_a_hostile_text_is_bounded_and_visible() -> None:
    described = raised(ValueError("\x1b[31m" + "x" * 10_000))
    assert len(described["message"]) <= 500
    assert "\x1b" not in described["message"]


def helpers() -> tuple[object, ...]:
    builtins = [
        __builtins__[name] if isinstance(__builtins__, dict) else getattr(__builtins__, name)
        for name in BUILTINS
    ]
    return build(lambda: None, str, sys.stderr, datetime, builtins, {}, ())


def test_the_clock_of_a_session_is_given_in_utc(python_sandbox: PythonSandbox) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    with python_sandbox.session({}, calls=0, now=now, seed=1) as session:
        assert session.run("import time\ntime.time()").text == f"{now.timestamp()}\n"
