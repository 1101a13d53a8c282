"""The world of generated compliance cases: topics with controls and checks that belong together."""

from __future__ import annotations

from typing import NamedTuple


class Topic(NamedTuple):
    """A topic: its family, how controls ask for it, and what checks look at; `{}` is a service."""

    family: str
    controls: tuple[tuple[str, str], ...]
    checks: tuple[tuple[str, str, str], ...]
    category: str


SERVICES = (
    "ledgerbase", "objectbox", "queuehub", "imagevault", "webfront", "batchgrid", "mailrelay",
    "keycellar", "noteshare", "streamline", "filedepot", "graphstore", "cachepool", "jobrunner",
)  # fmt: skip

TOPICS = (
    Topic(
        "Access Control",
        (
            ("Least Privilege", "Grant users and processes only the privileges that they need."),
            ("Administrative Rights", "Restrict administrative privileges to few people."),
        ),
        (
            ("{}_no_administrative_privileges", "{} policies grant no administrative privileges",
             "Looks for {} policies with full access to every action."),
            ("{}_no_wildcard_actions", "{} roles allow no wildcard actions",
             "Looks for {} roles with administrative access through a wildcard."),
        ),
        "identity-access",
    ),
    Topic(
        "Identification and Authentication",
        (
            ("Multi-factor Authentication", "Require multi-factor authentication for every logon."),
            ("Authenticator Strength", "Authenticate privileged accounts with two-factor means."),
        ),
        (
            ("{}_console_mfa_enabled", "{} console users have MFA enabled",
             "Looks whether {} users sign in with multi-factor authentication."),
        ),
        "identity-access",
    ),
    Topic(
        "Audit and Accountability",
        (
            ("Event Logging", "Generate audit records of activity on the system."),
            ("Audit Record Content", "Audit records tell what type of event occurred and when."),
        ),
        (
            ("{}_access_logging_enabled", "{} access logging is enabled",
             "Looks whether {} delivers access logs of every request."),
            ("{}_audit_logging_enabled", "{} audit logging is enabled",
             "Looks whether {} writes audit logs of its operations."),
        ),
        "logging",
    ),
    Topic(
        "System and Communications Protection",
        (
            ("Protection of Information at Rest", "Encrypt stored information at rest."),
            ("Cryptographic Protection of Storage", "Protect data at rest by cryptography."),
        ),
        (
            ("{}_encryption_at_rest_enabled", "{} storage is encrypted at rest",
             "Looks whether {} volumes are encrypted at rest with a managed key."),
        ),
        "encryption",
    ),
    Topic(
        "System and Communications Protection",
        (
            ("Transmission Confidentiality", "Protect information in transit by encryption."),
            ("Secure Transmission", "Use TLS for information that is transmitted."),
        ),
        (
            ("{}_tls_enforced", "{} enforces TLS in transit",
             "Looks whether {} refuses requests that are not sent over HTTPS."),
        ),
        "encryption",
    ),
    Topic(
        "System and Communications Protection",
        (
            ("Boundary Protection", "Control communications at the external boundary."),
            ("Public Access", "Keep information from becoming publicly accessible."),
        ),
        (
            ("{}_not_publicly_accessible", "{} is not publicly accessible",
             "Looks whether {} allows public access from the internet."),
            ("{}_ingress_from_internet_restricted", "{} allows no ingress from the internet",
             "Looks for {} firewall rules open to 0.0.0.0/0."),
        ),
        "internet-exposed",
    ),
    Topic(
        "Contingency Planning",
        (
            ("System Backup", "Conduct backups of information and test them."),
            ("Recovery", "Recover the system from backup copies after a failure."),
        ),
        (
            ("{}_backup_enabled", "{} has automated backups",
             "Looks whether {} is covered by a backup plan with recovery points."),
        ),
        "resilience",
    ),
    Topic(
        "System and Information Integrity",
        (
            ("Flaw Remediation", "Install security patches and correct flaws in time."),
            ("Vulnerability Monitoring", "Scan for vulnerabilities and remediate them."),
        ),
        (
            ("{}_patching_compliant", "{} nodes are compliant with patching",
             "Looks whether {} nodes have automatic upgrade and security patches."),
        ),
        "vulnerabilities",
    ),
)  # fmt: skip

UNSEEN = (
    ("Awareness and Training", "Literacy Training", "Give literacy training to new employees."),
    ("Personnel Security", "Personnel Screening", "Carry out personnel screening before hiring."),
    ("Physical Protection", "Visitor Records", "Keep records of visitors to the buildings."),
    ("Physical Protection", "Fire Protection", "Employ fire suppression in machine rooms."),
    ("Planning", "Rules of Behavior", "Have users sign the rules of behavior every year."),
    ("Program Management", "Risk Appetite", "The board of directors states its risk appetite."),
)
