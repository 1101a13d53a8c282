"""Windows event logs as JSON: flat (NXLog, Mordor), evtx_dump's and winlogbeat's shapes."""

from __future__ import annotations

from ocsf.mappers import windows_logs, windows_security, windows_sysmon
from ocsf.mapping import Listing, Mapper, Shape, TimeField, c, f, num, with_wrapped

EVTX = Shape(
    name="evtx_dump",
    present=(frozenset({"Event.System"}),),
    roots=("Event.EventData",),
    aliases={
        "EventID": ("Event.System.EventID.#text", "Event.System.EventID"),
        "Channel": ("Event.System.Channel",),
        "Provider": ("Event.System.Provider.#attributes.Name", "Event.System.Provider.Name"),
        "Computer": ("Event.System.Computer",),
        "TimeCreated": (
            "Event.System.TimeCreated.#attributes.SystemTime",
            "Event.System.TimeCreated.SystemTime",
        ),
        "EventTime": ("EventTime",),
        "EventReceivedTime": ("EventReceivedTime",),
        "@timestamp": ("@timestamp",),
        "RecordNumber": ("Event.System.EventRecordID",),
        "UserID": ("Event.System.Security.#attributes.UserID", "Event.System.Security.UserID"),
        "ExecutionProcessID": (
            "Event.System.Execution.#attributes.ProcessID",
            "Event.System.Execution.ProcessID",
        ),
        "Level": ("Event.System.Level",),
        "Severity": ("Severity",),
        "Message": ("Event.RenderingInfo.Message", "Message"),
    },
)
WINLOGBEAT = Shape(
    name="winlogbeat",
    present=(frozenset({"winlog.event_id", "winlog.channel", "winlog.event_data"}),),
    roots=("winlog.event_data",),
    aliases={
        "EventID": ("winlog.event_id", "event.code"),
        "Channel": ("winlog.channel",),
        "Provider": ("winlog.provider_name", "event.provider"),
        "Computer": ("winlog.computer_name", "host.name"),
        "TimeCreated": ("winlog.time_created", "@timestamp"),
        "EventTime": ("EventTime",),
        "EventReceivedTime": ("EventReceivedTime",),
        "@timestamp": ("@timestamp",),
        "RecordNumber": ("winlog.record_id",),
        "UserID": ("winlog.user.identifier",),
        "AccountName": ("winlog.event_data.AccountName", "winlog.user.name"),
        "ExecutionProcessID": ("winlog.process.pid",),
        "Level": ("log.level",),
        "Severity": ("log.level",),
        "Message": ("message",),
    },
)
FLAT = Shape(
    name="flat",
    present=(
        frozenset({"EventID", "EventCode", "Id"}),
        frozenset({"Channel", "LogName", "SourceName", "ProviderName", "ProviderGuid"}),
    ),
    aliases={
        "EventID": ("EventID", "EventCode", "Id"),
        "Channel": ("Channel", "LogName"),
        "Provider": ("SourceName", "ProviderName", "Provider_Name"),
        "Computer": ("Hostname", "Computer", "ComputerName", "MachineName"),
        "RecordNumber": ("RecordNumber", "EventRecordID"),
        "Level": ("Level", "LevelDisplayName"),
    },
)

MAPPER = Mapper(
    name="windows",
    title="Windows event log",
    shapes=with_wrapped(EVTX, WINLOGBEAT, FLAT),
    times=(
        TimeField("TimeCreated", refine_by="UtcTime"),
        TimeField("EventTime", zone_from=("@timestamp", "EventReceivedTime"), refine_by="UtcTime"),
        TimeField("@timestamp"),
    ),
    differs=("UtcTime", "utctime_differs"),
    nulls=frozenset({"", "-", "{00000000-0000-0000-0000-000000000000}"}),
    defaults={
        "metadata.product.name": c("Windows"),
        "metadata.product.vendor_name": c("Microsoft"),
        "metadata.profiles": Listing((c("host"),)),
        "metadata.event_code": f("EventID"),
        "metadata.log_name": f("Channel"),
        "metadata.log_provider": f("Provider"),
        "metadata.sequence": num("RecordNumber"),
        "device.hostname": f("Computer"),
        "device.type_id": c(0),
        "device.os.name": c("Windows"),
        "device.os.type_id": c(100),
        "device.os.type": c("Windows"),
    },
    rules=(
        *windows_sysmon.RULES,
        *windows_security.RULES,
        *windows_logs.RULES,
        windows_logs.FALLBACK,
    ),
)
