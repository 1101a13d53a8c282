# ruff: noqa: E501 (one rule a line: a rule that is cut in two can't be read)
"""Secrets that are known by their own shape: keys and tokens of services, hashes, key blocks.

Each rule begins at a literal (its trigger), so that a text is searched for literals only and an
expression is tried where one stands. No expression can run long: every repeat is bounded or
reads a class of characters that what follows it does not share.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class TokenRule(NamedTuple):
    """A kind of secret, the literal it begins at (lower case), and its expression.

    With a group `s` only the group is secret. `back` is how far before the trigger it may begin.
    """

    kind: str
    trigger: str
    pattern: re.Pattern[str]
    back: int = 0


_START = r"(?<![A-Za-z0-9_])"


def _rule(kind: str, trigger: str, pattern: str, back: int = 0) -> TokenRule:
    return TokenRule(kind, trigger, re.compile(pattern), back)


def _prefixed(kind: str, prefix: str, body: str) -> TokenRule:
    return _rule(kind, prefix.lower(), _START + re.escape(prefix) + body)


_WORD = r"[A-Za-z0-9_-]"
_HEX32 = r"[0-9A-Fa-f]{32}"

TOKEN_RULES: tuple[TokenRule, ...] = (
    _prefixed("aws-key-id", "AKIA", r"[0-9A-Z]{12,16}(?![A-Za-z0-9])"),
    _prefixed("aws-key-id", "ASIA", r"[0-9A-Z]{12,16}(?![A-Za-z0-9])"),
    _prefixed("aws-session-token", "IQoJb3JpZ2lu", r"[A-Za-z0-9+/=%]{16,8192}"),
    _prefixed("aws-session-token", "FwoGZXIvYXdz", r"[A-Za-z0-9+/=%]{16,8192}"),
    *(_prefixed("github-token", f"gh{one}_", r"[A-Za-z0-9]{16,255}") for one in "pousr"),
    _prefixed("github-token", "github_pat_", r"\w{16,255}"),
    *(
        _prefixed("gitlab-token", prefix, _WORD + "{16,255}")
        for prefix in ("glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glft-", "gloas-")
    ),
    _rule("slack-token", "xox", _START + r"xox[a-z]-[A-Za-z0-9-]{8,255}"),
    _prefixed("slack-token", "xapp-", r"[A-Za-z0-9-]{8,255}"),
    _rule(
        "webhook", "hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows)/(?P<s>[\w/]{8,200})"
    ),
    _rule("webhook", "discord", r"discord(?:app)?\.com/api/webhooks/(?P<s>\d{5,25}/[\w-]{16,200})"),
    _rule("webhook", ".webhook.office.com", r"\.webhook\.office\.com/(?P<s>[\w@/-]{20,400})"),
    _prefixed("google-key", "AIza", _WORD + "{30,40}"),
    _prefixed("google-token", "ya29.", r"[A-Za-z0-9_.-]{16,2048}"),
    _prefixed("google-secret", "GOCSPX-", _WORD + "{16,64}"),
    _prefixed("google-token", "1//0", _WORD + "{24,256}"),
    _rule("azure-secret", "8q~", _START + r"[A-Za-z0-9_.~-]{3}8Q~[A-Za-z0-9_.~-]{30,40}", 3),
    _prefixed("anthropic-key", "sk-ant-", _WORD + "{10,255}"),
    _rule("api-key", "sk-", _START + r"sk-(?!ant-)(?:proj-|svcacct-|admin-|or-v1-)?[\w-]{20,255}"),
    _rule("stripe-key", "k_live_", _START + r"[srp]k_live_[A-Za-z0-9]{10,255}", 1),
    _rule("stripe-key", "k_test_", _START + r"[srp]k_test_[A-Za-z0-9]{10,255}", 1),
    _prefixed("stripe-key", "whsec_", r"[A-Za-z0-9+/=]{16,128}"),
    _prefixed("npm-token", "npm_", r"[A-Za-z0-9]{30,64}"),
    _prefixed("pypi-token", "pypi-AgE", _WORD + "{16,512}"),
    _prefixed("huggingface-token", "hf_", r"[A-Za-z0-9]{30,64}"),
    _prefixed("sendgrid-key", "SG.", r"[\w-]{16,64}\.[\w-]{16,64}"),
    _rule("twilio-key", "sk", _START + r"SK[0-9a-f]{32}(?![A-Za-z0-9])"),
    _rule("digitalocean-token", "do", _START + r"do[opr]_v1_[0-9a-f]{32,128}"),
    _prefixed("vault-token", "hvs.", _WORD + "{20,255}"),
    _prefixed("vault-token", "hvb.", _WORD + "{20,255}"),
    _prefixed("databricks-token", "dapi", r"[0-9a-f]{32}(?:-\d)?"),
    _rule("shopify-token", "shp", _START + r"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}"),
    _prefixed("docker-token", "dckr_pat_", _WORD + "{16,64}"),
    _prefixed("atlassian-token", "ATATT3x", r"[\w=-]{20,400}"),
    _rule("grafana-token", "gl", _START + r"gl(?:sa|c)_[A-Za-z0-9+/=_-]{20,400}"),
    _prefixed("newrelic-key", "NRAK-", r"[A-Z0-9]{20,40}"),
    _prefixed("postman-key", "PMAK-", r"[0-9a-f-]{30,80}"),
    _prefixed("linear-key", "lin_api_", r"[A-Za-z0-9]{20,64}"),
    _prefixed("age-key", "AGE-SECRET-KEY-1", r"[A-Z0-9]{40,80}"),
    _rule("telegram-token", ":aa", r"(?<!\d)\d{8,10}:AA[\w-]{30,40}", 10),
    _rule("okta-token", "ssws", _START + r"(?i:ssws)[ +]{1,3}(?P<s>[\w.~-]{20,100})"),
    # Two parts at least; the third may be cut off.
    _rule("jwt", "eyj", _START + r"eyJ[\w-]{8,8192}\.[\w-]{4,16384}(?:\.[\w-]{0,8192}){0,3}"),
    _rule(
        "private-key",
        "-----begin",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?!-----END)[\s\S]){0,20000}(?:-----END[A-Z0-9 ]{0,60}-----)?",
    ),
    _rule("private-key", "private-lines", r"Private-Lines: ?\d{1,4}(?P<s>(?:\s{1,2}[\w+/=]{4,80}){1,200})"),
    # Hashes that open accounts; file hashes stand in none of these forms.
    _rule("ntlm-hash", ":::", rf"(?P<s>{_HEX32}:{_HEX32}):::", 65),
    _rule("ntlm-hash", "aad3b435b51404eeaad3b435b51404ee:", rf"\w{{32}}:(?P<s>{_HEX32})"),
    _rule("ntlm-hash", "-hashes", rf"-hashes[ :=]{{1,2}}['\"]?(?P<s>(?:{_HEX32})?:{_HEX32})"),
    _rule("ntlm-hash", "ntlm", rf"(?i:ntlm)(?:[ \t]{{0,8}}[:=][ \t]{{0,4}})(?P<s>{_HEX32})"),
    _rule("ntlm-hash", "rc4", rf"(?i:rc4)[:=](?P<s>{_HEX32})"),
    _rule("kerberos-key", "aes", r"(?i:aes(?:128|256)(?:_hmac|-cts-hmac-sha1-96)?)[ \t]{0,4}[:=][ \t]{0,4}(?P<s>[0-9A-Fa-f]{32}(?:[0-9A-Fa-f]{32})?)(?![0-9A-Fa-f])"),
    _rule("kerberos-hash", "$krb5", r"\$krb5[a-z]{2,8}\$[^\s\"'<>]{16,8192}"),
    _rule("password-hash", "$dcc2$", r"\$(?i:DCC2)\$[^\s\"'<>]{8,255}"),
    _rule("ntlm-hash", "::", r"::[\w.-]{0,64}:(?P<s>[0-9A-Fa-f]{16}:[0-9A-Fa-f]{32}:[0-9A-Fa-f]{16,4096})"),
    _rule("password-hash", "$", r"\$(?:1|2[abxy]?|5|6|7|y|gy|argon2(?:id|i|d)|apr1)\$[./A-Za-z0-9$=,]{12,255}"),
    # Signatures of addresses that open what they name.
    _rule("signature", "sig=", r"(?<![A-Za-z0-9_])(?i:sig)=(?P<s>[A-Za-z0-9%+/=_-]{20,400})"),
    _rule("signature", "x-amz-signature", r"(?i:x-amz-signature)(?:=|%3[dD])(?P<s>[0-9a-f]{16,64})"),
    _rule("signature", "x-goog-signature", r"(?i:x-goog-signature)(?:=|%3[dD])(?P<s>[0-9a-fA-F]{16,1024})"),
    _rule("signature", "signature=", r"(?i:signature)=(?P<s>[0-9a-f]{64})(?![0-9A-Za-z])"),
    _rule("aws-session-token", "x-amz-security-token", r"(?i:x-amz-security-token)(?:=|%3[dD]|[\"']?:[ \t]?[\"']?)(?P<s>[A-Za-z0-9+/=%_-]{16,8192})"),
    # user:password@ of an address; the last @ before the host ends the password.
    _rule("password", "://", r"://[^\s/:@\"'<>\\]{0,128}:(?P<s>[^\s/\"'<>]{1,256})@(?=[\w\[])"),
    _rule("password", "%3a%2f%2f", r"%3[aA]%2[fF]%2[fF][^\s:@/&\"'<>%]{0,128}%3[aA](?P<s>[^\s&\"'<>/]{1,256}?)%40"),
    _rule("bearer-token", "bearer", r"(?i:bearer)(?:[ \t]{1,3}|%20|\+)(?P<s>[A-Za-z0-9._~+/=-]{12,8192})"),
    _rule("basic-auth", "basic", r"(?i:basic)(?:[ \t]{1,3}|%20)(?P<s>[A-Za-z0-9+/]{10,2048}(?:=|%3[dD]){0,2})(?![A-Za-z0-9+/])"),
)  # fmt: skip

AWS_SECRET = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])")
"""What stands near the id of an AWS key in the shape of its secret part."""
