"""The words that questions are made of, and what each means. Data only; matching is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from sentree.intel.attack import TACTICS


@dataclass(frozen=True, slots=True)
class Cue:
    """What a word or phrase means: a kind, and a value whose sense depends on the kind."""

    kind: str
    value: str = ""


LONGEST = 5

_PHRASES: dict[tuple[str, str], str] = {
    ("family", "count"): (
        "how many|how often|how many times|number of|nr of|no of|num of|count of|count|"
        "total number of|total|amount of|#of|tally|qty of|quantity of"
    ),
    ("family", "first"): ("first|first time|the first time|earliest|oldest|initial|1st"),
    ("family", "last"): ("last|latest|most recent|newest|most recently|last time|the last time"),
    ("family", "top"): (
        "top|most|busiest|most active|most common|most frequent|noisiest|"
        "the most|most often|most frequently|highest number of|largest number of|mostly"
    ),
    (
        "talkers",
        "",
    ): "biggest talkers|top talkers|busiest talkers|noisiest talkers|most active talkers",
    ("family", "bottom"): (
        "rarest|least|least common|least frequent|fewest|bottom|least often|rare"
    ),
    ("family", "list"): (
        "list|show|show me|give me|give|get|get me|display|enumerate|print|dump|fetch|return|"
        "tell me|name|find|find me|look for|search for|search|pull|lookup|look up|list of|"
        "a list of|the list of"
    ),
    ("family", "compare"): (
        "compare|comparison|comparison of|versus|vs|difference between|compared to|compared with"
    ),
    ("family", "around"): ("around|near|close to|surrounding"),
    ("family", "happen"): (
        "what happened|what was happening|what was going on|what went on|timeline of|"
        "timeline for|timeline|activity|activities|activity of|activity on|what occurred|"
        "events around|everything about|everything on|all about|what do we know about|"
        "information about|information on|info about|info on|details about|details on"
    ),
    ("family", "exists"): (
        "did|was|were|has|have|had|is|are|is there|are there|was there|were there|any|"
        "any sign of|any signs of|any evidence of|evidence of|signs of|sign of|any trace of|"
        "traces of|exist|exists|y/n|does|do we see|do we have|did we see|have we seen|"
        "anything|anyone|anybody|someone|somebody|ever|check for|check if|check whether|"
        "whether|if|any hits for|hits for|hits on|any hits on|hit|hits|occurrences of|"
        "occurrence of"
    ),
    ("seen", ""): (
        "seen|appear|appears|appeared|observed|present|show up|shows up|showed up|found|"
        "occur|occurs|occurred|anywhere|spotted|in the logs|in the log|in our logs|"
        "in the data|in this data|mentioned|known|recorded|logged|detected|identified"
    ),
    ("who", "user"): ("who|whom|whose|by whom|which person|which people"),
    ("which", ""): ("which|what|what all|whats|what's"),
    ("where", "host"): ("where|on which|on what"),
    ("when", ""): ("when|at what time|what time|when exactly"),
    ("distinct", ""): ("distinct|unique|uniq|different|individual"),
    ("status", "failed"): (
        "failed|failing|failure|failures|unsuccessful|unsuccessfully|fail|fails|bad|wrong|"
        "rejected|invalid"
    ),
    ("status", "ok"): ("passed|passing|successful|successfully|succeeded|success|succeed"),
    ("act", "create"): (
        "created|creating|create|creates|creation|creations|installed|install|installs|installation|"
        "installations|registered|register|new|written|write|wrote|writes|dropped|"
        "drop|drops|added to the system|scheduled|set up|newly created"
    ),
    ("act", "delete"): (
        "deleted|deleting|delete|deletes|deletion|deletions|removed|remove|removal|erased"
    ),
    ("act", "modify"): (
        "changed|change|changes|modified|modify|modification|modifications|updated|altered|"
        "renamed|reset|resets|set|edited|edits|edit|changed or reset"
    ),
    ("act", "start"): (
        "ran|run|runs|running|executed|execute|executes|execution|executions|exec|launched|"
        "launching|running|executing|starting|spawning|launch|launches|started|start|starts|spawned|spawn|spawns|invoked|invoke"
    ),
    ("act", "use"): ("use|used|uses|usage|using"),
    ("act", "stop"): ("stopped|stop|stops|terminated|killed|exited|ended"),
    ("act", "enable"): ("enabled|enable"),
    ("act", "disable"): ("disabled|disable"),
    ("act", "lock"): ("locked|locked out|lockout|lockouts|lock out|lock outs"),
    ("act", "clear"): ("cleared|clear|clears|wiped|wipe|clearing|clearings"),
    ("act", "add"): ("added|add|adds|joined|addition|additions"),
    ("act", "access"): ("accessed|accessing|access|accesses|opened|read|touched|reads"),
    ("act", "load"): ("loaded|loading|load|loads"),
    ("act", "do"): ("do|did do|doing|done"),
    ("act", "connect"): (
        "connect|connects|connected|connecting|talk|talks|talked|talking|communicate|"
        "communicates|communicated|communicating|contact|contacts|contacted|contacting|reach|"
        "reached|reach out|reached out|beacon|beaconed|speak|spoke|send traffic|sent traffic"
    ),
    ("subject", "logon"): (
        "logon|logons|login|logins|log on|log in|log ons|log ins|logged on|logged in|"
        "logged into|logged onto|log into|log onto|logs in|logs on|logging in|logging on|"
        "sign in|sign ins|sign-in|sign-ins|signin|signins|signed in|signed into|sign on|"
        "log-in|log-ins|log-on|log-ons|authentication|authentications|authenticate|"
        "authenticated|auth|auths|4624"
    ),
    ("subject", "logon attempt"): (
        "logon attempts|login attempts|logon attempt|login attempt|authentication attempts|"
        "sign-in attempts"
    ),
    ("subject", "failed logon"): (
        "password failures|bad passwords|wrong passwords|bad password|wrong password|"
        "logon failure|logon failures|login failure|login failures|authentication failure|"
        "authentication failures|fail to log on|fail to log in|failed to log on|"
        "failed to log in|failed to login|failed to logon|failed to authenticate|"
        "failed logon attempts|failed login attempts|failed logon attempt|"
        "failed login attempt|failed logging in|failed to sign in|bad logins|bad logons"
    ),
    ("subject", "rdp logon"): (
        "rdp logon|rdp logons|rdp login|rdp logins|remote desktop logon|"
        "remote desktop logons|remote desktop login|remote desktop logins|rdp session|"
        "rdp sessions|remote interactive logons"
    ),
    ("subject", "console logon"): (
        "console login|console logins|console logon|console logons|console sign-in|"
        "console sign-ins|logged in to the console|logged into the console|"
        "log in to the console|sign in to the console|signed in to the console|"
        "aws console logins|consolelogin"
    ),
    ("subject", "network logon"): ("network logon|network logons|network login|network logins"),
    ("subject", "interactive logon"): (
        "interactive logon|interactive logons|interactive login|interactive logins"
    ),
    ("subject", "explicit logon"): (
        "explicit credentials|explicit credential logons|runas|explicit logons"
    ),
    ("subject", "privileged logon"): (
        "privileged logon|privileged logons|special privileges|special logon|special logons|"
        "privileged login|privileged logins"
    ),
    ("subject", "logoff"): (
        "logoff|logoffs|logout|logouts|log off|log out|logged off|logged out|sign out|signed out"
    ),
    ("subject", "kerberos"): (
        "kerberos|kerberos tickets|kerberos ticket|service tickets|service ticket|"
        "tgs requests|tgt requests|ticket requests|kerberos ticket requests"
    ),
    ("children", ""): (
        "child process|child processes|children|subprocess|subprocesses|subprocesses of|descendants"
    ),
    ("subject", "injection"): (
        "remote thread|remote threads|createremotethread|create remote thread|create remote threads"
    ),
    ("subject", "process"): (
        "process|processes|program|programs|executable|executables|binary|binaries|"
        "process creation|process creations|process start|process starts|processes started|"
        "process executions|proc|procs|process launches|tool|tools|application|applications|"
        "apps"
    ),
    ("subject", "powershell"): ("powershell|pwsh|power shell"),
    ("subject", "script"): ("script|scripts"),
    ("subject", "script block"): (
        "script block|script blocks|scriptblocks|scriptblock|powershell script blocks"
    ),
    ("subject", "module"): (
        "module|modules|dlls|dll|image loads|module loads|dll loads|image load"
    ),
    ("subject", "driver"): ("driver|drivers"),
    ("subject", "dns"): (
        "asked dns for|dns|dns query|dns queries|dns request|dns requests|dns lookup|"
        "dns lookups|resolved|resolving|querying|looking up|"
        "resolve|resolves|resolved the domain|queried|queries|query|lookups|looked up|"
        "name lookups|dns resolution|dns resolutions|dns traffic|dns events"
    ),
    ("subject", "connection"): (
        "connection|connections|network connection|network connections|conn|conns|flows|flow|"
        "tcp connections|sessions"
    ),
    ("subject", "traffic"): ("traffic|network traffic|network events|network activity|network"),
    ("subject", "http"): (
        "http|http requests|http request|web requests|web request|web traffic|https requests|"
        "http traffic"
    ),
    ("subject", "smb"): ("smb|smb traffic|smb events|over smb|via smb|using smb"),
    (
        "subject",
        "smb connection",
    ): "smb connections|smb connection|smb sessions|connections over smb",
    ("subject", "share"): (
        "share access|share accesses|file share access|file shares|shares|share|"
        "network shares|smb shares"
    ),
    ("subject", "rdp"): (
        "rdp|remote desktop|rdp connections|rdp connection|rdp traffic|over rdp|via rdp|using rdp"
    ),
    ("subject", "ssh"): ("ssh|ssh connections|ssh connection|over ssh|via ssh|using ssh"),
    ("subject", "email"): ("email|emails|e-mail|e-mails|mails|mail"),
    ("subject", "file"): ("file|files|file events|file activity|document|documents"),
    ("subject", "registry"): (
        "registry|registry key|registry keys|reg key|reg keys|registry value|registry values|"
        "registry events|registry entries|regkey|regkeys"
    ),
    ("subject", "run key"): (
        "run key|run keys|autorun key|autorun keys|autoruns|run registry keys|"
        "registry run keys|runonce keys"
    ),
    ("subject", "service create"): (
        "installed as a service|registered as a service|installed as service|"
        "service installation|service installations|service install|service installs"
    ),
    ("subject", "service"): ("service|services|windows services|windows service"),
    ("subject", "task"): (
        "scheduled task|scheduled tasks|task|tasks|scheduled job|scheduled jobs|schtask|"
        "schtasks tasks|job|jobs"
    ),
    ("subject", "account"): (
        "account changes|account change|account modifications|account management"
    ),
    ("subject", "password"): (
        "password|passwords|password reset|password resets|password change|password changes"
    ),
    ("subject", "account lock"): (
        "account lockouts|account lockout|lockouts|locked accounts|locked out accounts"
    ),
    ("subject", "group"): (
        "group|groups|group membership|group memberships|group change|group changes|"
        "group membership changes"
    ),
    ("subject", "log"): (
        "event log|event logs|eventlog|eventlogs|windows event log|windows event logs|"
        "system log|logs"
    ),
    ("subject", "audit log"): (
        "audit log|audit logs|security log|security logs|security event log|security audit log"
    ),
    ("subject", "sysmon"): (
        "sysmon events|sysmon records|sysmon logs|sysmon log|sysmon entries|sysmon log entries"
    ),
    ("subject", "zeek"): "zeek events|zeek records|zeek logs|zeek log|zeek entries|bro logs",
    ("subject", "windows security"): (
        "security events|security records|windows security events|security log events|"
        "security channel events|security event log entries"
    ),
    ("subject", "cloudtrail"): "cloudtrail events|cloudtrail records|cloudtrail logs|cloudtrail",
    ("subject", "log clear"): (
        "log clearing|log cleared|logs cleared|log clear|log clears|event log clearing|"
        "log clearance"
    ),
    ("subject", "api"): ("api|api calls|api call|cloud api calls|aws api calls|aws calls"),
    ("subject", "access key"): ("access key|access keys"),
    ("subject", "alert"): (
        "alert|alerts|detection|detections|rule match|rule matches|rule hits|sigma hits|"
        "sigma matches|alarms|alarm|sigma alerts|rule hit"
    ),
    ("subject", "event"): (
        "event|events|record|records|entries|entry|log entries|log lines|log events|"
        "logs events|log records"
    ),
    ("dim", "host"): (
        "host|machine|computer|workstation|server|device|endpoint|box|laptop|pc|srv|"
        "system name|hostname|domain controller"
    ),
    ("dims", "host"): (
        "hosts|machines|computers|workstations|servers|devices|endpoints|boxes|systems|"
        "laptops|pcs|hostnames"
    ),
    ("dim", "user"): ("user|account|acct|username|identity|principal|user account"),
    ("dims", "user"): ("users|accounts|accts|usernames|identities|principals|user accounts|people"),
    ("dims", "source"): (
        "source|sources|src|srcs|talkers|clients|client|source hosts|source host|origin"
    ),
    ("dims", "source address"): (
        "source ip|source ips|src ip|src ips|source addresses|source address|client ips|"
        "source ip addresses"
    ),
    ("dims", "destination"): (
        "destination|destinations|dst|dest|dests|destination ips|destination ip|dst ips|"
        "dst ip|dest ip|dest ips|destination addresses|remote hosts|remote ips|peers|targets|"
        "destination hosts|target hosts"
    ),
    ("dim", "address"): ("ip|ip address|address"),
    ("dims", "address"): ("ips|ip addresses|addresses|ip's"),
    ("dims", "port"): (
        "port|ports|destination port|destination ports|dst port|dst ports|dest ports"
    ),
    ("dims", "parent"): ("parent|parents|parent process|parent processes|parent program"),
    ("dims", "command"): (
        "command|commands|command line|command lines|cmdline|cmdlines|commandline|"
        "commandlines|cmd line|cmd lines|commands run"
    ),
    ("dim", "domain"): ("domain|domain name"),
    ("dims", "domain"): ("domains|domain names|dns names|queried domains"),
    ("dims", "url"): ("url|urls|uri|uris"),
    ("dims", "api service"): (
        "aws services|cloud services|api services|services called|services were called|"
        "event source|event sources|aws service|cloud service"
    ),
    ("subject", "finding"): (
        "finding|findings|security findings|compliance findings|misconfigurations|"
        "misconfiguration|prowler findings|notice|notices"
    ),
    ("dims", "check"): "check|checks",
    ("dims", "resource"): "resource|resources",
    ("dims", "region"): "region|regions|aws regions|aws region|cloud regions",
    ("dims", "user agent"): "user agent|user agents|useragent|useragents|user-agents|user-agent",
    ("dims", "error"): (
        "error code|error codes|status code|status codes|errors|failure reasons|failure codes"
    ),
    ("dims", "conversation"): (
        "who talked to whom|who talks to whom|who connected to whom|who communicated with whom|"
        "who contacted whom|who spoke to whom|pairs of hosts|host pairs|talked to each other|"
        "talk to each other|connected to each other|communicated with each other|"
        "conversations|pairs of addresses|ip pairs"
    ),
    ("dims", "operation"): ("operation|operations|api operations"),
    ("dims", "event id"): ("event ids|event id|event codes|eventids|event code"),
    ("dims", "class"): (
        "event types|event type|types of events|kinds of events|event classes|event class|"
        "event kinds|type of events"
    ),
    ("dims", "log"): (
        "log sources|log source|log files|log types|sensors|data sources|sources of logs"
    ),
    ("dims", "logon type"): ("logon types|logon type|login types"),
    ("dims", "rule"): ("rule|rules|sigma rules|detection rules|rules matched"),
    ("dims", "technique"): (
        "technique|techniques|ttp|ttps|att&ck techniques|attack techniques|mitre techniques|"
        "att&ck|mitre|mitre att&ck|mitre att&ck techniques|mitre attack techniques|"
        "mitre technique|att&ck technique|attack technique|attck techniques|attck"
    ),
    ("dims", "tactic"): ("tactic|tactics|att&ck tactics|mitre tactics|attack tactics"),
    ("dims", "level"): ("severities|severity|levels|severity levels|alert levels"),
    ("by", ""): ("per|by number of|group by|grouped by|by count of"),
    ("role", "from"): ("from|out of|originating from|coming from|starting from"),
    ("role", "to"): ("to|toward|towards|into|against|->|=>|onto|going to"),
    ("role", "on"): ("on|at|in|inside|within|across"),
    ("role", "by"): ("by|via|through"),
    ("role", "for"): ("for|of|about"),
    ("role", "with"): ("with|between"),
    ("role", "children"): (
        "children of|child processes of|child process of|spawned by|started by|launched by|child of"
    ),
    ("named", ""): (
        "named|called|containing|contains|contain|matching|with name|name of|string|text|keyword|"
        "word"
    ),
    ("cue", "mention"): ("mention|mentions|mentioning|refer to|refers to|referring to"),
    ("cue", "hash"): ("hash|sha256|sha-256|sha1|sha-1|md5|file hash|hash value|checksum"),
    ("cue", "uid"): ("event uid|uid|event_uid|event with uid|record uid"),
    ("cue", "sid"): ("sid"),
    ("join", "and"): ("and|or|,|;|as well as|plus|and/or"),
    ("stop", ""): (
        "invocations|operations named|the|a|an|this|that|these|those|there|it|its|me|us|we|"
        "our|i|my|you|please|pls|plz|can|could|would|will|be|been|being|all|every|each|"
        "of the|time|call|calls|called by|so far|out|up|then|also|just|only|overall|in total|"
        "total number|times|exactly|hi|hello|hey|thanks|thank|hey there|to us|data|dataset|"
        "slice|context|environment|network wide|window|period|most of|made by|made to|whole|"
        "entire|happening|happen|happened|came|come|went|go|goes|gone|going|show up in|place|"
        "took|take|now|into account|got|involving|involved|related|values|value|address of|"
        "this log|the log|these logs|the logs|this file|these files|names|"
        "made|make|makes|requested|their|his|her|he|she|they|them|see|observe|utc|date|sure|y|n|attempts|attempt|tried|"
        "try|requests|request|generated|generate|triggered|trigger|triggers|trip|tripped|"
        "fired|fire|raised|matched|match|matches|produced|performed|perform|associated|want|"
        "need|like|know|id|ids|yes|local|many"
    ),
    ("decline", "asks for an explanation"): (
        "why|explain|explanation|reason|reasons|how come|how did|how was|how were|how do|"
        "how does|how is|how to|how could|how can|how would|how long|how bad|how serious|"
        "cause|caused|root cause|because|interpret|meaning|mean|means|understand|elaborate|"
        "walk me through|tell me more|intent|intention|motive|purpose|goal|goals"
    ),
    ("decline", "refers back to something"): (
        "from there|to there|on there|over there|from it|to it|on it|by it|with it|of it"
    ),
    ("decline", "asks for prose"): (
        "summarise|summarize|summary|summaries|summarising|describe|description|report|write|"
        "writeup|write up|draft|narrative|story|brief|briefing|overview|document the|"
        "translate|rewrite|characterise|characterize|paraphrase|email to|presentation|"
        "discuss|comment|tldr|recap|review"
    ),
    ("decline", "asks for a judgement"): (
        "malicious|suspicious|suspicious activity|benign|legit|legitimate|normal|abnormal|"
        "anomalous|anomaly|anomalies|unusual|weird|odd|strange|fishy|dangerous|dodgy|risky|"
        "risk|risks|bad actor|compromised|compromise|hacked|breached|breach|infected|"
        "attacker|attackers|adversary|threat actor|attribution|apt|false positive|"
        "false positives|true positive|noise|important|severe|critical path|worth|concern|"
        "concerning|worrying|worried|worry|stands out|stand out|interesting|notable|"
        "significant|impact of|damage|should|recommend|recommendation|recommendations|advise|"
        "advice|next steps|mitigate|mitigation|remediate|remediation|respond|likely|probably|"
        "hypothesis|hypotheses|assess|assessment|evaluate|judge|opinion|think|believe|guess|"
        "predict|prioritise|prioritize|triage|investigate|analyse|analyze|analysis|hunt|"
        "correlate|correlation|identify the attack|attack path|kill chain|attack chain|"
        "patient zero|look like|looks like|similar|expected|safe|evil|harmful|"
        "related to the attack"
    ),
    ("decline", "excludes something"): (
        "not|except|without|excluding|exclude|other than|never|but|besides|apart from|"
        "neither|nor|no longer|outside|isn't|wasn't|weren't|didn't|doesn't|don't|hasn't|"
        "haven't|non|instead of|unless|missing|absent|stopped reporting"
    ),
    ("decline", "relates events to each other"): (
        "then|followed by|following|after that|before that|afterwards|subsequently|prior to|"
        "after|before|since|until|till|while|same|both|shared by|in common|sequence|each other|"
        "which came first|came first|happened first|"
        "correlated|consecutive|concurrent|simultaneous|in a row|together"
    ),
    ("decline", "names a time that is not understood here"): (
        "morning|afternoon|evening|tonight|night|nights|weekend|weekends|week|weeks|month|"
        "months|year|years|quarter|ago|recently|lately|hour|hours|day|days|minute|minutes|"
        "working hours|office hours|business hours|overnight|tomorrow|next|current|currently|"
        "earlier|later|cet|est|pst|cest|edt|pdt"
    ),
    ("decline", "asks for an attribute that is not looked up here"): (
        "type|types|kind|kinds|role|roles|bucket|buckets|version|versions|agents|"
        "code|codes|result|results|protocol|protocols|session"
    ),
    ("decline", "asks for a measure that is not counted here"): (
        "bytes|volume|size|sum|average|avg|mean of|median|percent|percentage|%|ratio|rate|"
        "longest|shortest|largest|biggest|bigest|smallest|duration|uploaded|downloaded|"
        "upload|download|transferred|country|countries|geo|location|locations|more than|"
        "less than|at least|at most|fewer than|over|exceed|exceeded|trend|increase|decrease|"
        "spike|spikes|distribution|histogram|row|rows|column|columns|process id|per hour|"
        "per day|per minute|hourly|daily|chart|graph|plot|mb|gb|kb|pid"
    ),
}


def _table() -> dict[str, Cue]:
    table: dict[str, Cue] = {}
    for (kind, value), phrases in _PHRASES.items():
        for phrase in phrases.split("|"):
            table.setdefault(phrase.strip(), Cue(kind, value))
    # "the most recent" must not be read as "the most", and a word more.
    for phrase, cue in list(table.items()):
        if cue.kind == "family" and phrase.startswith("most "):
            table.setdefault(f"the {phrase}", cue)
    for tactic in TACTICS:
        if tactic != "execution":
            table[tactic.replace("-", " ")] = Cue("tactic", tactic)
            table[tactic] = Cue("tactic", tactic)
    table |= {
        "exfil": Cue("tactic", "exfiltration"),
        "c2": Cue("tactic", "command-and-control"),
        "c&c": Cue("tactic", "command-and-control"),
        "privesc": Cue("tactic", "privilege-escalation"),
        "recon": Cue("tactic", "reconnaissance"),
        "defence evasion": Cue("tactic", "defense-evasion"),
        "execution tactic": Cue("tactic", "execution"),
        "code execution": Cue("tactic", "execution"),
    }
    return table


PHRASES: dict[str, Cue] = _table()
WORDS: frozenset[str] = frozenset(word for phrase in PHRASES for word in phrase.split())

CORRECTABLE: frozenset[str] = frozenset(
    word
    for phrase, cue in PHRASES.items()
    if cue.kind not in ("stop", "decline")
    for word in phrase.split()
)
"""The words a typo may stand for: taking one for a filler would drop what was asked."""

LEVELS = ("informational", "low", "medium", "high", "critical")

NUMBERS = {
    name: number
    for number, name in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), start=1
    )
} | {"twenty": 20, "fifty": 50, "dozen": 12}
