# ruff: noqa: E501 (a record is a line)
"""Secrets of every kind that logs hold, each in a record as its source writes it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

KIND = "PRIVATE"
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
)
KEY = "\n".join(("MIIEowIBAAKCAQEAzq7hVX", "mQw1Zk3sLkqz9VtYb0Zx", "PrivateKeyLastLine42=="))
POWERSHELL = "$c.Credentials = New-Object Net.NetworkCredential('svc','Enc0dedPw!7')"

# A secret, and a line of a command or of a program that has it.
_LINES: tuple[tuple[str, str], ...] = (
    ("N3tUserPw!1", "net user backdoor N3tUserPw!1 /add"),
    ("N3t1UserPw2", r"C:\Windows\system32\net1.exe  user helper N3t1UserPw2 /add /domain"),
    ("Quoted Pw 3", 'net.exe user helper "Quoted Pw 3" /add'),
    ("N3tUsePw4", r"net use Z: \\dc1\c$ N3tUsePw4 /user:CORP\svc"),
    ("N3tUsePw5", r"net use \\dc1\ipc$ /user:CORP\svc N3tUsePw5"),
    ("Sshp4ss6", "sshpass -p Sshp4ss6 ssh root@10.0.0.4"),
    ("Sshp4ss7", "sshpass -p'Sshp4ss7' scp a b:"),
    ("CurlPw8", "curl -s -u deploy:CurlPw8 https://repo.corp.local/x"),
    ("CurlPw9", "curl --user deploy:CurlPw9 -o x https://repo.corp.local/x"),
    ("WgetPw10", "wget --http-password=WgetPw10 http://intranet/x"),
    ("MysqlPw11", "mysqldump -u root -pMysqlPw11 --all-databases"),
    ("PsexecPw12", r"psexec.exe \\ws2 -u CORP\svc -p PsexecPw12 cmd /c whoami"),
    ("SchtasksPw13", r"schtasks /create /tn upd /tr c:\x.exe /ru CORP\svc /rp SchtasksPw13"),
    ("WmicPw14", "wmic /node:ws2 /user:svc /password:WmicPw14 process call create calc"),
    ("CmdkeyPw15", "cmdkey /add:ws2 /user:svc /pass:CmdkeyPw15"),
    ("RdpPw16", "xfreerdp /v:ws2 /u:svc /p:RdpPw16 /cert-ignore"),
    ("PlinkPw17", "plink.exe -ssh -l root -pw PlinkPw17 10.9.9.9"),
    ("SqlPw18", "sqlcmd -S db1 -U sa -P SqlPw18 -Q select"),
    ("LdapPw19", "ldapsearch -x -D cn=svc -w LdapPw19 -b dc=corp"),
    ("SmbPw20", "smbclient //dc1/c$ -U svc%SmbPw20 -c ls"),
    ("CmePw21", "crackmapexec smb 10.0.0.0/24 -u svc -p CmePw21 --shares"),
    ("ZipPw22", r"7z.exe a -hpx -pZipPw22 c:\out.7z c:\docs"),
    ("DockerPw23", "docker login -u ci -p DockerPw23 registry.corp.local"),
    ("RedisPw24", "redis-cli -h cache -a RedisPw24 KEYS *"),
    ("HtPw25", "htpasswd -b /etc/nginx/.htpasswd admin HtPw25"),
    ("SudoPw26", "echo SudoPw26 | sudo -S cat /etc/shadow"),
    ("ChPw27", "echo 'svc:ChPw27' | chpasswd"),
    ("SecStr28", 'ConvertTo-SecureString "SecStr28" -AsPlainText -Force'),
    ("SecStr29", "ConvertTo-SecureString -AsPlainText -Force -String 'SecStr29'"),
    ("AdminPw30!", "Set-LocalUser -Name a -AdminPassword AdminPw30! -Verbose"),
    ("ImpacketPw31", "python3 wmiexec.py CORP/svc:ImpacketPw31@10.0.0.9 whoami"),
    ("PgPw32", "PGPASSWORD=PgPw32 psql -h db"),
    ("SqlPw33", "CREATE USER svc IDENTIFIED BY 'SqlPw33'"),
    ("31d6cfe0d16ae931b73c59d7e0c089c1", "svc:1103:aad3b435b51404eeaad3b435b51404ee:"
     "31d6cfe0d16ae931b73c59d7e0c089c1:::"),
    ("41d6cfe0d16ae931b73c59d7e0c089c2", "wmiexec.py -hashes :41d6cfe0d16ae931b73c59d7e0c089c2 a@b"),
    ("51d6cfe0d16ae931b73c59d7e0c089c3", "Rubeus.exe asktgt /user:a /rc4:"
     "51d6cfe0d16ae931b73c59d7e0c089c3"),
    ("$6$saltsalt$0abcdefghijklmnopqrstuv", "shadow: svc:$6$saltsalt$0abcdefghijklmnopqrstuv:19000:0"),
    ("A§KIAIOSFODNN7PLANTED", "export AWS_ACCESS_KEY_ID=A§KIAIOSFODNN7PLANTED"),
    ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYPLANTEDKEY", "aws_secret_access_key = "
     "wJalrXUtnFEMI/K7MDENG/bPxRfiCYPLANTEDKEY"),
    ("g§hp_16C7e42F292c6912E7710c838347Ae178B4a", "git clone https://ghp_"
     "16C7e42F292c6912E7710c838347Ae178B4a@github.com/x/y"),
    ("g§lpat-aBcDeFgHiJkLmNoPqRsT", "curl -H 'PRIVATE-TOKEN: g§lpat-aBcDeFgHiJkLmNoPqRsT' https://g"),
    ("x§oxb-123456789012-abcdefGHIJKL", "slack post x§oxb-123456789012-abcdefGHIJKL hello"),
    ("A§IzaSyA1234567890abcdefghijklmnopqrstuv", "GET /maps?key=A§IzaSyA1234567890abcdefghijklmnopqrstuv"),
    ("s§k-proj-abcdEFGH1234ijklMNOP5678", "env OPENAI=s§k-proj-abcdEFGH1234ijklMNOP5678 run"),
    ("s§k-ant-api03-abcdEFGH1234ijklMNOP", "env CLAUDE=s§k-ant-api03-abcdEFGH1234ijklMNOP run"),
    ("Zm8Q~abcdefghijklmnopqrstuvwxyz012345", "az login --service-principal -u x -p "
     "Zm8Q~abcdefghijklmnopqrstuvwxyz012345 -t corp"),
    (JWT, f"GET /api?jwt={JWT} HTTP/1.1"),
    ("mF_9.B5f-4.1JqMPlanted", "Authorization: Bearer mF_9.B5f-4.1JqMPlanted"),
    ("YWRtaW46QmFzaWNQdzUw", "Authorization: Basic YWRtaW46QmFzaWNQdzUw"),
    ("s%3AabcPlantedCookie51", "Cookie: connect.sid=s%3AabcPlantedCookie51; theme=dark"),
    ("38afes7a8PlantedSess", "GET /x;jsessionid=38afes7a8PlantedSess HTTP/1.1"),
    ("UrlPw53", "postgres://svc:UrlPw53@db1:5432/app"),
    ("UrlEncPw54", "POST /login user%3Dbob%26password%3DUrlEncPw54%26x%3D1"),
    ("FormPw55", "POST /login username=bob&password=FormPw55&remember=1"),
    ("ConnPw56,x", "Server=db1;User Id=sa;Password=ConnPw56,x;Encrypt=true"),
    ("AccKey57abcdefgh==", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=AccKey57abcdefgh==;E=x"),
    ("SasSig58abcdefghijklmnop%3D", "GET https://a.blob.core.windows.net/c?sv=1&sig=SasSig58abcdefghijklmnop%3D&se=2"),
    ("hunter59x", "New password is hunter59x for svc"),
    ("XmlPw60", '<Data Name="Password">XmlPw60</Data>'),
    ("Api61keyvalue", "X-Api-Key: Api61keyvalue"),
    ("T§00000000/B00000000/XXXXpLanted62", "POST https://hooks.slack.com/services/T§00000000/B00000000/XXXXpLanted62"),
    ("n§pm_abcdefghijABCDEFGHIJ0123456789abcd", "//registry/:_authToken=n§pm_abcdefghijABCDEFGHIJ0123456789abcd"),
    ("Enc0dedPw!7", "powershell -enc "
     + base64.b64encode(POWERSHELL.encode("utf-16-le")).decode()),
)  # fmt: skip
# Scanners of repositories take what looks like a key for one: no key stands whole in this file.
LINES = tuple((secret.replace("§", ""), line.replace("§", "")) for secret, line in _LINES)
SPLIT_KEY = f"-----BEGIN RSA {KIND} KEY-----\n{KEY}\n-----END RSA {KIND} KEY-----"
CLOUD = (
    ("ASIA" + "PLANTEDKEY123456", "responseElements", {"credentials": {
        "accessKeyId": "ASIA" + "PLANTEDKEY123456", "secretAccessKey": "cloudSecretPlanted64",
        "sessionToken": "IQoJb3JpZ2luX2VjPlanted65abcdef"}}),
    ("RdsPw66", "requestParameters", {"masterUserPassword": "RdsPw66", "dBName": "app"}),
)  # fmt: skip
MORE = ("cloudSecretPlanted64", "IQoJb3JpZ2luX2VjPlanted65abcdef", "PrivateKeyLastLine42")
SECRETS = (*(secret for secret, _ in LINES), *(one[0] for one in CLOUD), *MORE)
ENCODED = base64.b64encode(POWERSHELL.encode("utf-16-le")).decode()


def forms(secret: str) -> set[str]:
    """Give the ways in which a secret can stand in a JSON body."""
    plain = {secret, secret[::-1], base64.b64encode(secret.encode()).decode()}
    escaped = {json.dumps(one)[1:-1] for one in plain}
    return plain | escaped | {json.dumps(one)[1:-1] for one in escaped}


def leaked(data: bytes) -> list[str]:
    """Give the secrets that some bytes hold, in any form."""
    text = data.decode("utf-8", "replace")
    found = [secret for secret in SECRETS if any(form in text for form in forms(secret))]
    return found + ([ENCODED] if ENCODED in text else [])


def plant(folder: Path) -> Path:
    """Write logs of four kinds that hold every secret."""
    folder.mkdir(parents=True)
    with (folder / "auth.log").open("w", encoding="utf-8") as file:
        for number, (_, line) in enumerate(LINES):
            file.write(
                f"2026-01-02T10:{number % 60:02d}:00Z host1 bash[{number}]: alice ran {line}\n"
            )
    with (folder / "windows.jsonl").open("w", encoding="utf-8") as file:
        for number, (_, line) in enumerate(LINES):
            event = {
                "EventID": 4688, "Channel": "Security", "Computer": "WS01.corp.local",
                "TimeCreated": f"2026-01-02T11:{number % 60:02d}:00Z", "EventRecordID": number,
                "EventData": {"SubjectUserName": "alice", "CommandLine": line,
                              "NewProcessName": r"C:\Windows\System32\cmd.exe"},
            }  # fmt: skip
            file.write(json.dumps(event) + "\n")
    records = [
        {"eventVersion": "1.08", "eventTime": f"2026-01-02T12:0{n}:00Z", "eventName": "AssumeRole",
         "eventSource": "sts.amazonaws.com", "awsRegion": "eu-west-1", "eventID": f"e{n}",
         "sourceIPAddress": "203.0.113.9", "userIdentity": {"type": "IAMUser", "userName": "alice"},
         "eventType": "AwsApiCall", "recipientAccountId": "1", key: value}
        for n, (_, key, value) in enumerate(CLOUD)
    ]  # fmt: skip
    (folder / "cloudtrail.json").write_text(json.dumps({"Records": records}), encoding="utf-8")
    (folder / "notes.txt").write_text(f"found on host1:\n{SPLIT_KEY}\n", encoding="utf-8")
    return folder
