"""Helpers inside the sandbox. This file's text runs there before every cell.

It imports nothing and uses no name that a cell could have rebound: the built-in functions it
needs are handed in afresh each time. Only what the sandbox's Python knows may be used here.
"""

from __future__ import annotations

from typing import Any

BUILTINS = (
    "print",
    "len",
    "isinstance",
    "repr",
    "sorted",
    "str",
    "int",
    "float",
    "bool",
    "bytes",
    "list",
    "tuple",
    "dict",
    "set",
    "frozenset",
)


def build(raw: Any, dumps: Any, stderr: Any, day: Any, builtins: Any, known: Any, own: Any) -> Any:
    """Make the helpers: `(bind, show, show_vars, ip_in, is_private)`."""
    (
        print,
        len,
        isinstance,
        repr,
        sorted,
        str,
        int,
        float,
        bool,
        bytes,
        list,
        tuple,
        dict,
        set,
        frozenset,
    ) = builtins
    kinds = (
        ("bool", bool),
        ("int", int),
        ("float", float),
        ("str", str),
        ("bytes", bytes),
        ("list", list),
        ("tuple", tuple),
        ("dict", dict),
        ("set", set),
        ("frozenset", frozenset),
        ("date", day),
    )

    def kind(value: Any) -> Any:
        if value is None:
            return "None"
        for name, one in kinds:
            if isinstance(value, one):
                return name
        try:
            return value.__class__.__name__
        except Exception:
            return "object"

    def plain(value: Any, budget: Any) -> Any:
        budget[0] -= 1
        if budget[0] < 0:
            raise ValueError("arguments are too big: pass less")
        if value is None or isinstance(value, (str, bool, int, float)):
            return value
        if isinstance(value, (list, tuple, set, frozenset)):
            items = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
            return [plain(item, budget) for item in items]
        if isinstance(value, dict):
            return {
                key if isinstance(key, str) else str(key): plain(value[key], budget)
                for key in value
            }
        if isinstance(value, day):
            return value.isoformat()
        raise TypeError("arguments must be plain values, not " + kind(value))

    def bind(name: Any) -> Any:
        def helper(*arguments: Any, **keywords: Any) -> Any:
            budget = [100_000]
            request = [name, plain(arguments, budget), plain(keywords, budget)]
            print("\x1e" + dumps(request), file=stderr)
            return raw()

        return helper

    def brief(value: Any, budget: Any, depth: Any) -> Any:
        """Write a value, bounded: shared and huge values cost no more than what is shown."""
        if budget[0] < 0:
            return "..."
        if isinstance(value, (str, bytes)):
            budget[0] -= len(value) + 2
            if len(value) <= 8_192:
                return repr(value)
            return repr(value[:4_096]) + " ... " + repr(value[-4_096:])
        budget[0] -= 6
        if isinstance(value, (list, tuple, set, frozenset, dict)):
            if depth > 20:
                return "..."
            parts = []
            for item in value:
                if budget[0] < 0:
                    parts.append("... " + str(len(value)) + " in all")
                    break
                part = brief(item, budget, depth + 1)
                if isinstance(value, dict):
                    part = part + ": " + brief(value[item], budget, depth + 1)
                parts.append(part)
            text = ", ".join(parts)
            if isinstance(value, list):
                return "[" + text + "]"
            if isinstance(value, tuple):
                return "(" + text + ("," if len(value) == 1 else "") + ")"
            if isinstance(value, (set, frozenset)) and len(value) == 0:
                return kind(value) + "()"
            return "{" + text + "}"
        return repr(value)

    def show(value: Any) -> Any:
        if value is not None:
            print(brief(value, [20_000], 0))

    def show_vars(variables: Any = None) -> Any:
        """Print name, type and size of each variable that earlier cells made."""
        shown = known if variables is None else variables
        count = 0
        for name in sorted(shown):
            if name[:2] == "__" or name in own:
                continue
            count += 1
            if count > 200:
                print("... and more")
                return
            value = shown[name]
            size = ""
            if isinstance(value, (str, bytes, list, tuple, dict, set, frozenset)):
                size = ", length " + str(len(value))
            elif isinstance(value, (int, float, bool)) or value is None:
                size = ", " + brief(value, [100], 0)[:100]
            print(name[:80] + ": " + kind(value) + size)
        if count == 0:
            print("no variables yet")

    def number(text: Any, base: Any, most: Any, width: Any) -> Any:
        digits = "0123456789abcdef"[:base]
        if len(text) == 0 or len(text) > width:
            return None
        for character in text.lower():
            if character not in digits:
                return None
        value = int(text, base)
        return value if value <= most else None

    def v4(text: Any) -> Any:
        parts = text.split(".")
        if len(parts) != 4:
            return None
        value = 0
        for part in parts:
            octet = number(part, 10, 255, 3)
            if octet is None or (len(part) > 1 and part[0] == "0"):
                return None
            value = value * 256 + octet
        return value

    def v6(text: Any) -> Any:
        text = text.split("%")[0]
        if text.count("::") > 1 or ":::" in text or text.count(":") > 8:
            return None
        last = text.split(":")[-1]
        if "." in last:
            low = v4(last)
            if low is None:
                return None
            words = f"{low // 65536:x}:{low % 65536:x}"
            text = text[: len(text) - len(last)] + words
        if "::" in text:
            left, right = text.split("::")
            before = left.split(":") if left else []
            after = right.split(":") if right else []
            if len(before) + len(after) > 7:
                return None
            groups = before + ["0"] * (8 - len(before) - len(after)) + after
        else:
            groups = text.split(":")
        if len(groups) != 8:
            return None
        value = 0
        for group in groups:
            word = number(group, 16, 65535, 4)
            if word is None:
                return None
            value = value * 65536 + word
        return value

    def address(text: Any) -> Any:
        """Give (bits, value), or None for what is no address."""
        if not isinstance(text, str) or len(text) > 100:
            return None
        text = text.strip()
        value = v6(text) if ":" in text else v4(text)
        if value is None:
            return None
        if ":" in text and value // 2**32 == 0xFFFF:
            return (32, value % 2**32)
        return (128 if ":" in text else 32, value)

    def ip_in(ip: Any, cidr: Any) -> Any:
        """Tell whether an address is in a network such as `10.0.0.0/8`; no address is in none."""
        found = address(ip)
        text, _, length = str(cidr).partition("/")
        network = address(text)
        if network is None:
            raise ValueError("no network: " + str(cidr)[:100])
        bits, base = network
        prefix = bits if length == "" else number(length, 10, bits, 3)
        if prefix is None:
            raise ValueError("no network: " + str(cidr)[:100])
        if found is None or found[0] != bits:
            return False
        size = 2 ** (bits - prefix)
        return found[1] // size == base // size

    private = []
    for cidr in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    ):
        base, _, length = cidr.partition("/")
        found = address(base)
        private.append((found[0], 2 ** (found[0] - int(length)), found[1]))

    def is_private(ip: Any) -> Any:
        """Tell whether an address is private, loopback or link-local."""
        found = address(ip)
        if found is None:
            return False
        for bits, size, base in private:
            if found[0] == bits and found[1] // size == base // size:
                return True
        return False

    return bind, show, show_vars, ip_in, is_private
