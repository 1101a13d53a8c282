"""Every log source of the public rules is known; what devices write as key=value is read."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.rules.detect import detect
from sentree.rules.load import LogSource, load_rules
from sentree.rules.taxonomy import load_taxonomy
from sentree.settings import Settings
from tests.rules.lake_events import put

MAPPINGS = Path(__file__).parents[1] / "data" / "mappings"
WINDOWS_CATEGORIES = """
process_creation process_access process_tampering process_termination create_remote_thread
raw_access_thread image_load driver_load file_event file_access file_change file_rename file_delete
file_block file_executable_detected create_stream_hash registry_event registry_add registry_delete
registry_set registry_rename network_connection dns_query pipe_created wmi_event clipboard_capture
sysmon_status sysmon_error ps_script ps_module ps_classic_start ps_classic_provider_start
ps_classic_script antivirus"""
WINDOWS_SERVICES = """
security system application sysmon powershell powershell-classic taskscheduler wmi windefend
dns-server dns-server-analytic dns-client driver-framework ntlm dhcp msexchange-management
printservice-admin printservice-operational terminalservices-localsessionmanager smbclient-security
smbclient-connectivity smbserver-connectivity codeintegrity-operational firewall-as bits-client
applocker appxdeployment-server appxpackaging-om appmodel-runtime security-mitigations ldap
openssh lsa-server shell-core capi2 certificateservicesclient-lifecycle-system diagnosis-scripted
vhdmp hyper-v-worker kernel-event-tracing kernel-shimengine microsoft-servicebus-client
iis-configuration"""
OTHERS = """
/linux/ process_creation/linux/ file_event/linux/ network_connection/linux/ /linux/auditd
/linux/auth /linux/cron /linux/sshd /linux/sudo /linux/syslog /linux/vsftpd /linux/clamav
/linux/guacamole /linux/modsecurity process_creation/macos/ file_event/macos/ /aws/cloudtrail
/azure/activitylogs /azure/auditlogs /azure/signinlogs /azure/riskdetection /azure/pim
/gcp/gcp.audit /gcp/google_workspace.admin /m365/audit /m365/exchange /m365/threat_management
/m365/threat_detection /okta/okta /onelogin/onelogin.events /github/audit /bitbucket/audit
/cisco/aaa /cisco/bgp /cisco/ldp /cisco/duo /huawei/bgp /juniper/bgp /fortigate/event
/fortios/sslvpnd appliance/paloalto/globalprotect file_event/paloalto/globalprotect /zeek/dce_rpc
/zeek/dns /zeek/http /zeek/kerberos /zeek/rdp /zeek/smb_files /zeek/x509 /zeek/conn /zeek/ssl
webserver// webserver/apache/ webserver/windows/iis proxy// dns// firewall// antivirus//
database// netflow// /apache/ /apache/error /nginx/ application/kubernetes/audit
/kubernetes/audit application/django/ application/jvm/ application/nodejs/ application/python/
application/ruby_on_rails/ application/spring/ application/sql/ application/velocity/
application/opencanary/ application/rpc_firewall/ process_creation// //apache //nginx //netflow
application/qualys/ application/modsecurity/ application/kubernetes/ file_event/paloalto/
/paloalto/globalprotect /fortinet/event /windows/iis raw_access_read/windows/
process_termination/linux/ raw_access_read/linux/ sysmon_status/linux/ file_delete/linux/
process_termination/macos/ file_delete/macos/ file_event// registry_set// network_connection//
/macos/ /aws/ /fortigate/"""
PUBLIC = [
    *(f"{name}/windows/" for name in WINDOWS_CATEGORIES.split()),
    *(f"/windows/{name}" for name in WINDOWS_SERVICES.split()),
    *OTHERS.split(),
]


@pytest.mark.parametrize("named", PUBLIC)
def test_every_log_source_of_the_public_rules_is_known(named: str) -> None:
    category, product, service = (word or None for word in named.split("/"))
    source = load_taxonomy().source(LogSource(category, product, service))
    assert source is not None
    assert all(
        test.mapper or test.channel or test.provider or test.class_uid or test.has or test.os
        for test in source.any
    )


def matched(lake: Lake, folder: Path, logsource: dict[str, str], **selection: Any) -> set[str]:
    rule_uid = str(uuid4())
    rule = {
        "title": "r",
        "id": rule_uid,
        "logsource": logsource,
        "detection": {
            "selection": {key.replace("__", "|"): value for key, value in selection.items()},
            "condition": "selection",
        },
    }
    (folder / "rule.yml").write_text(yaml.safe_dump(rule))
    report = detect(lake, load_rules([folder]), tenant="default")
    assert not report.not_runnable
    found = lake.query("SELECT event_uid FROM detections WHERE rule_uid = ?", [rule_uid])
    return {row["event_uid"] for row in found}


def test_fields_of_a_line_of_pairs_are_read(settings: Settings, tmp_path: Path) -> None:
    lines = [
        'date=2026-01-01 devname="FG 1" logid="0100044546" type="event" cfgpath="system.admin"',
        'date=2026-01-01 devname="FG 1" logid="0100044546" type="event" cfgpath="other"',
        'say cfgpath="system.admin"',
    ]
    with Lake.open(settings) as lake:
        uids = put(lake, lines, mapper="base")
        found = matched(
            lake,
            tmp_path,
            {"product": "fortigate", "service": "event"},
            cfgpath="system.admin",
            devname="fg 1",
        )
    assert found == {uids[0]}


def test_audit_records_as_lines_have_their_fields(settings: Settings, tmp_path: Path) -> None:
    line = (
        'type=EXECVE msg=audit(1700000000.123:45): argc=3 a0="chmod" a1="+x" a2="/tmp/x" a0="again"'
    )
    with Lake.open(settings) as lake:
        uids = put(lake, [line, line.replace("chmod", "ls")], mapper="base")
        found = matched(
            lake, tmp_path, {"product": "linux", "service": "auditd"}, type="EXECVE", a0="chmod"
        )
    assert found == {uids[0]}


def test_rules_for_windows_are_run_on_what_endpoint_products_tell(
    settings: Settings, tmp_path: Path
) -> None:
    windows = {"carbon_black", "crowdstrike_fdr", "defender_hunting", "sentinelone"}
    logs = [MAPPINGS / f"{name}.input.jsonl" for name in (*windows, "osquery")]
    with Lake.open(settings) as lake:
        ingest(lake, logs, settings=settings)

        def mappers(product: str) -> set[str]:
            started = {"category": "process_creation", "product": product}
            uids = list(matched(lake, tmp_path, started, CommandLine__re=".+"))
            rows = lake.query("FROM events WHERE list_contains(?, event_uid)", [uids])
            return {row["mapper"] for row in rows}

        assert mappers("windows") == windows
        # No event names its system: the path of the program tells.
        assert mappers("linux") == mappers("macos") == {"osquery"}


def test_a_product_that_sigma_does_not_know_are_the_events_that_name_themselves_so(
    settings: Settings, tmp_path: Path
) -> None:
    honeypot = {"eventid": "cowrie.command.input", "input": "chattr -i /etc/passwd"}
    with Lake.open(settings) as lake:
        uids = put(lake, [honeypot, {"input": "chattr -i /etc/passwd"}], mapper="base")
        for logsource in ({"category": "application", "product": "Cowrie"}, {"service": "cowrie"}):
            assert matched(lake, tmp_path, logsource, input__contains="chattr") == {uids[0]}
        # A few letters are the whole name or none.
        assert not matched(lake, tmp_path, {"service": "cow"}, input__contains="chattr")
        [named] = put(lake, [{"product": "Odd Guard-7", "input": "chattr"}], mapper="base")
        found = matched(lake, tmp_path, {"product": "odd_guard7"}, input__contains="chattr")
        assert found == {named}
        ingest(lake, [MAPPINGS / "gitlab.input.jsonl"], settings=settings)
        assert matched(lake, tmp_path, {"product": "gitlab"}, entity_type__re=".+")


def test_errors_of_a_web_server_are_searched_by_its_rules(
    settings: Settings, tmp_path: Path
) -> None:
    with Lake.open(settings) as lake:
        ingest(lake, [MAPPINGS / "web_error.input.log"], settings=settings)
        for logsource in ({"service": "nginx"}, {"product": "apache", "service": "error"}):
            assert matched(lake, tmp_path, logsource, **{"|all": ["error", "client"]})


def test_rules_for_single_audit_records_find_events_that_hold_them_all(
    settings: Settings, tmp_path: Path
) -> None:
    audit = {"product": "linux", "service": "auditd"}
    with Lake.open(settings) as lake:
        ingest(lake, [MAPPINGS / "laurel.input.jsonl"], settings=settings)
        assert len(matched(lake, tmp_path, audit, type="EXECVE", a0="curl", a1="-o")) == 1
        assert len(matched(lake, tmp_path, audit, type="PATH", name="/etc/shadow")) == 1
        assert len(matched(lake, tmp_path, audit, type="SYSCALL", SYSCALL="ptrace")) == 1
        assert len(matched(lake, tmp_path, audit, type="ADD_USER")) == 1
        assert not matched(lake, tmp_path, audit, type="USER_END")
