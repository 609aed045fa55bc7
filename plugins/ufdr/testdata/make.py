"""Makes the samples anew: python3 make.py, in this directory. No report of Cellebrite's was at
hand: the structure is that which public readers of the format expect (IPED, Mobius, UFEDLib,
LEAPP's users), the hashes are Python's."""
import hashlib, zipfile

PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4
NOTE = "a note\n".encode() * 20


def field(name, value, kind="String"):
    v = f'<value type="{kind}"><![CDATA[{value}]]></value>' if value is not None else "<empty />"
    return f'<field name="{name}" type="{kind}">{v}</field>'


def when(name, value):
    return f'<field name="{name}" type="TimeStamp"><value type="TimeStamp" format="TimeStampKnown" formattedTimestamp="{value[:19]}">{value}</value></field>'


def model(kind, body, **attrs):
    a = "".join(f' {k}="{v}"' for k, v in ({"id": f"id-{kind}", "deleted_state": "Intact", "decoding_confidence": "High"} | attrs).items())
    return f'<model type="{kind}"{a}>{body}</model>'


def party(role, identifier, name=None, owner=None):
    return model("Party", field("Identifier", identifier) + field("Role", role, "PartyRole") + field("Name", name) + (field("IsPhoneOwner", owner, "Boolean") if owner else ""))


def many(name, kind, *models):
    return f'<multiModelField name="{name}" type="{kind}">{"".join(models)}</multiModelField>'


def one(name, kind, m):
    return f'<modelField name="{name}" type="{kind}">{m}</modelField>'


def file(path, local, data, n, **wrong):
    md5, sha = hashlib.md5(data).hexdigest().upper(), hashlib.sha256(data).hexdigest().upper()
    return f'''<file fs="a telephone" fsid="fs-1" path="{path}" size="{wrong.get("size", len(data))}" id="file-{n}" extractionId="0" deleted="Intact" embedded="false" isrelated="False">
<accessInfo><timestamp name="CreationTime">2020-08-08T15:50:58.000+00:00</timestamp></accessInfo>
<metadata section="File"><item name="Local Path"><![CDATA[{local}]]></item><item name="SHA256"><![CDATA[{wrong.get("sha", sha)}]]></item><item name="MD5"><![CDATA[{wrong.get("md5", md5)}]]></item><item name="Tags"><![CDATA[Image]]></item></metadata></file>'''


def report(models, files="", stated=None):
    body = "".join(f'<modelType type="{kind}">{"".join(list_)}</modelType>' for kind, list_ in models.items())
    n = sum(map(len, models.values()))
    return f'''<?xml version="1.0" encoding="utf-8"?>
<project id="p-1" name="Report" reportVersion="8.5" licenseID="0" containsGarbage="False" extractionType="FileSystem" NodeCount="2" ModelCount="{n if stated is None else stated}" xmlns="http://pa.cellebrite.com/report/2.0">
<sourceExtractions><extractionInfo id="0" name="File System" type="FileSystem" deviceName="a telephone" index="0" /></sourceExtractions>
<caseInformation><field name="Case Number" isSystem="True" isRequired="False" fieldType="CaseNumber">1</field></caseInformation>
<metadata section="Device Info"><item name="DeviceInfoDetectedModel"><![CDATA[A phone]]></item></metadata>
<taggedFiles>{files}</taggedFiles>
<decodedData>{body}</decodedData>
</project>
'''.encode()


INSTANT = model("InstantMessage", one("From", "Party", party("From", "4915550100@s.whatsapp.net", "Anna")) + many("To", "Party", party("To", "owner@s.whatsapp.net", None, "True")) + field("Body", "are you & there? 日本") + when("TimeStamp", "2020-08-08T15:50:58.123+02:00") + field("Status", "Read", "MessageStatus") + many("Attachments", "Attachment", model("Attachment", field("Filename", "IMG_1.jpg") + field("ContentType", "image/jpeg"))), id="im-1")
ANSWER = model("InstantMessage", one("From", "Party", party("From", "owner@s.whatsapp.net", None, "True")) + field("Body", "yes") + when("TimeStamp", "2020-08-08T15:51:00+02:00"), id="im-2", deleted_state="Deleted")
MODELS = {
    "SMS": [
        model("SMS", field("Source", None) + many("Parties", "Party", party("From", "+15550100", "Anna")) + field("Body", "hello") + field("Folder", "Inbox") + field("Status", "Read", "MessageStatus") + when("TimeStamp", "2012-01-02T03:04:05.000+00:00"), id="sms-1"),
        model("SMS", many("Parties", "Party", party("To", "+15550101")) + field("Body", "gone") + field("Folder", "Sent") + when("TimeStamp", "not a time"), id="sms-2", deleted_state="Deleted"),
    ],
    "Chat": [
        model("Chat", field("Source", "WhatsApp") + field("Id", "4915550100@s.whatsapp.net") + when("StartTime", "2020-08-08T13:50:58+00:00") + many("Participants", "Party", party("General", "4915550100@s.whatsapp.net", "Anna"), party("General", "owner@s.whatsapp.net", None, "True")) + many("Messages", "InstantMessage", INSTANT, ANSWER)),
        model("Chat", field("Source", "Signal") + field("Id", "nobody wrote")),
    ],
    "Call": [
        model("Call", field("Source", "WhatsApp") + field("Direction", "Outgoing") + field("Status", "Established") + when("TimeStamp", "2020-08-08T15:50:58") + field("Duration", "00:01:33.6090010", "TimeSpan") + many("Parties", "Party", party("To", "4915550100"))),
        model("Call", field("Type", "Missed", "CallType") + when("TimeStamp", "2020-08-09T15:50:58+00:00") + many("Parties", "Party", party("From", "+15550100"))),
    ],
    "Contact": [model("Contact", field("Name", "Anna") + field("Source", "Phone") + many("Entries", "ContactEntry", model("PhoneNumber", field("Value", "+15550100") + field("Category", "Mobile")), model("EmailAddress", field("Value", "anna@example.org")), model("UserID", field("Value", "anna7"))) + many("Organizations", "Organization", model("Organization", field("Name", "Owls Ltd"))))],
    "UserAccount": [model("UserAccount", field("Name", "The owner") + field("Username", "owner") + field("Password", "hunter2") + field("ServiceType", "example.org") + when("TimeCreated", "2011-01-01T00:00:00+00:00") + many("Entries", "ContactEntry", model("EmailAddress", field("Value", "owner@example.org"))))],
    "Email": [model("Email", field("Source", "Gmail") + field("Folder", "Sent") + one("From", "Party", party("From", "owner@example.org")) + many("To", "Party", party("To", "anna@example.org")) + many("Cc", "Party", party("CC", "cc@example.org")) + field("Subject", "a subject") + field("Body", "a letter") + when("TimeStamp", "2015-05-05T05:05:05+00:00"))],
    "Location": [model("Location", one("Position", "Coordinate", model("Coordinate", field("Latitude", "-23.1", "Double") + field("Longitude", "-43.5", "Double"))) + when("TimeStamp", "2019-09-09T09:09:09+00:00"))],
}


def archive(name, xml, members):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as z:
        for path, data in [("report.xml", xml), *members.items()]:
            z.writestr(zipfile.ZipInfo(path, (2020, 8, 8, 15, 50, 58)), data, zipfile.ZIP_DEFLATED)


good = file("/DCIM/IMG_1.jpg", r"files\Image\IMG_1.jpg", PHOTO, 1) + file("/notes/ü.txt", r"files\Text\ü.txt", NOTE, 2)
bad = file("/DCIM/IMG_1.jpg", r"files\Image\IMG_1.jpg", PHOTO, 1, sha="0" * 64) + file("/notes/ü.txt", r"files\Text\ü.txt", NOTE, 2, size=7) + file("/gone", r"files\Text\gone.txt", NOTE, 3)
members = {"files/Image/IMG_1.jpg": PHOTO, "files/Text/ü.txt": NOTE}
open("report.xml", "wb").write(report(MODELS, good))
open("broken.xml", "wb").write(report(MODELS, good, stated=99).replace(b'<model type="Call"', b'<model type="Call" <', 1))
archive("sample.ufdr", report(MODELS, good), members)
archive("differs.ufdr", report(MODELS, bad, stated=99), members | {"files/Image/more.jpg": PHOTO})
