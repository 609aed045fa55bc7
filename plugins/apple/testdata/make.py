"""Makes the samples with the sqlite3 program. All people and numbers are invented.

make.schema.sql are the tables of a chat.db of macOS 10.11, read out of
test_data/sqlite/imessage_chat.db of log2timeline/plaso @4ea03ef9 (Apache-2.0).
sms.db adds the columns and tables of iOS 16 and later that are described by
imessage-exporter (ReagentX) and iLEAPP. CallHistory.storedata has the tables of
iOS 14 as iLEAPP and APOLLO query them. Property lists are by Python's plistlib, the
archives of strings as those in the sample of plaso are.
"""

import os
import plistlib
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def archive(text):
    """A typedstream of an attributed string without attributes but one."""
    b = text.encode()
    n = bytes([len(b)]) if len(b) < 0x80 else b"\x81" + len(b).to_bytes(2, "little")
    return (
        b"\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@\x84\x84\x84\x19NSMutableAttributedString\x00\x84\x84\x12NSAttributedString\x00\x84\x84\x08NSObject\x00\x85"
        b"\x92\x84\x84\x84\x0fNSMutableString\x01\x84\x84\x08NSString\x01\x95\x84\x01+" + n + b + b"\x86\x84\x02iI\x01" + n[:1] + b"\x92\x84\x84\x84\x0cNSDictionary\x00\x95\x84\x01i\x00\x86\x86"
    )


def hexed(b):
    return "x'" + b.hex() + "'"


def make(out, name, script):
    with tempfile.TemporaryDirectory() as d:
        db, to = os.path.join(d, name), os.path.join(out, name)
        for suffix in ("", "-wal"):
            if os.path.exists(to + suffix):
                os.remove(to + suffix)
        copy = ".shell cp %s %s; if [ -s %s-wal ]; then cp %s-wal %s-wal; fi\n" % (db, to, db, db, to)
        subprocess.run(["sqlite3", "-batch", "-bail", db], input="PRAGMA page_size=1024;\n" + script + "\n" + copy, text=True, check=True, stdout=subprocess.DEVNULL)


def main(out):
    with open(os.path.join(HERE, "make.schema.sql")) as f:
        schema = f.read()
    edited = plistlib.dumps(
        {"ec": {"0": [{"d": 736229000.5, "t": archive("at sven")}, {"d": 736229060.25, "t": archive("at seven")}]}, "ep": [0], "otr": {"0": {"le": 7, "lo": 0}}}, fmt=plistlib.FMT_BINARY
    )
    retracted = plistlib.dumps({"rp": [0], "ust": True}, fmt=plistlib.FMT_BINARY)
    make(
        out,
        "chat.db",
        schema
        + """
INSERT INTO _SqliteDatabaseProperties VALUES ('_ClientVersion','9005');
INSERT INTO handle (ROWID,id,country,service) VALUES (1,'+15550100','us','iMessage'), (2,'bo@example.com','us','iMessage'), (3,'+15550102','us','SMS');
INSERT INTO chat (ROWID,guid,style,chat_identifier,service_name,room_name,display_name,account_login) VALUES (1,'iMessage;-;+15550100',45,'+15550100','iMessage',NULL,'','E:anna@example.com'), (2,'iMessage;+;chat100',43,'chat100','iMessage','chat100','Three of us','E:anna@example.com'), (3,'SMS;-;+15550102',45,'+15550102','SMS',NULL,NULL,'P:+15550199');
INSERT INTO chat_handle_join VALUES (1,1), (2,1), (2,2), (3,3);
INSERT INTO message (ROWID,guid,text,handle_id,attributedBody,service,account,date,date_read,date_delivered,is_delivered,is_from_me,is_read,is_sent,cache_has_attachments) VALUES
 (1,'A1','hello',1,%s,'iMessage','e:anna@example.com',469908586,469908802,469908802,1,0,1,0,0),
 (2,'A2','an answer',1,%s,'iMessage','e:anna@example.com',469926072,0,469926073,1,1,0,1,0),
 (3,'A3','to all of you',0,NULL,'iMessage','e:anna@example.com',469926100,0,0,0,1,0,1,0),
 (4,'A4','from one of three',2,NULL,'iMessage','e:anna@example.com',469926200,0,0,0,0,0,0,0),
 (5,'A5','\ufffc',3,NULL,'SMS','p:+15550199',469926300,0,0,0,0,0,0,1),
 (6,'A6',NULL,0,NULL,'iMessage','e:anna@example.com',469926400,0,0,0,1,0,1,0),
 (7,'A7','nobody''s conversation',0,NULL,'SMS','p:+15550199',NULL,0,0,0,1,0,0,0),
 (8,'A8','changed afterwards',1,%s,'iMessage','e:anna@example.com',469926500,0,0,0,0,0,0,0),
 (9,'A9','odd body',1,x'040b73747265616d747970656481e80399','iMessage','e:anna@example.com',469926600,0,0,0,0,0,0,0);
UPDATE message SET item_type=2, group_title='Three of us' WHERE ROWID=6;
UPDATE message SET error=22 WHERE ROWID=7;
INSERT INTO chat_message_join VALUES (1,1), (1,2), (2,3), (2,4), (3,5), (2,6), (1,8), (1,9);
INSERT INTO attachment (ROWID,guid,created_date,filename,uti,mime_type,transfer_state,is_outgoing,transfer_name,total_bytes) VALUES (1,'F1',469926300,'~/Library/Messages/Attachments/89/09/F1/IMG_1.jpeg','public.jpeg','image/jpeg',5,0,'IMG_1.jpeg',712);
INSERT INTO message_attachment_join VALUES (5,1);
INSERT INTO deleted_messages VALUES (1,'D1'), (2,'D2');
"""
        % (hexed(archive("hello")), hexed(archive("an answer")), hexed(archive("as it was written"))),
    )
    later = """
ALTER TABLE message ADD COLUMN associated_message_guid TEXT;
ALTER TABLE message ADD COLUMN associated_message_type INTEGER DEFAULT 0;
ALTER TABLE message ADD COLUMN balloon_bundle_id TEXT;
ALTER TABLE message ADD COLUMN payload_data BLOB;
ALTER TABLE message ADD COLUMN destination_caller_id TEXT;
ALTER TABLE message ADD COLUMN message_summary_info BLOB;
ALTER TABLE message ADD COLUMN thread_originator_guid TEXT;
ALTER TABLE message ADD COLUMN date_retracted INTEGER;
ALTER TABLE message ADD COLUMN date_edited INTEGER;
ALTER TABLE message ADD COLUMN was_detonated INTEGER DEFAULT 0;
ALTER TABLE chat_message_join ADD COLUMN message_date INTEGER DEFAULT 0;
CREATE TABLE chat_recoverable_message_join (chat_id INTEGER REFERENCES chat (ROWID) ON DELETE CASCADE, message_id INTEGER REFERENCES message (ROWID) ON DELETE CASCADE, delete_date INTEGER, ck_sync_state INTEGER DEFAULT 0, PRIMARY KEY (chat_id, message_id));
CREATE TABLE sync_deleted_messages (ROWID INTEGER PRIMARY KEY AUTOINCREMENT UNIQUE, guid TEXT NOT NULL, recordID TEXT);
"""
    make(
        out,
        "sms.db",
        "PRAGMA journal_mode=WAL;\n"
        + schema
        + later
        + """
INSERT INTO _SqliteDatabaseProperties VALUES ('_ClientVersion','17002');
INSERT INTO handle (ROWID,id,country,service) VALUES (1,'+15550100','us','iMessage');
INSERT INTO chat (ROWID,guid,style,chat_identifier,service_name,account_login) VALUES (1,'iMessage;-;+15550100',45,'+15550100','iMessage','E:anna@example.com');
INSERT INTO chat_handle_join VALUES (1,1);
INSERT INTO message (ROWID,guid,text,handle_id,attributedBody,service,account,destination_caller_id,date,date_read,date_delivered,is_from_me,is_read,is_sent,is_delivered) VALUES
 (1,'B1',NULL,1,%s,'iMessage','e:anna@example.com','+15550199',736228800123456789,736228860000000000,0,0,1,0,0),
 (2,'B2',NULL,1,%s,'iMessage','e:anna@example.com','+15550199',736228900000000000,0,736228901000000000,1,0,1,1),
 (3,'B3',NULL,1,NULL,'iMessage','e:anna@example.com','+15550199',736229100000000000,0,0,1,0,1,0),
 (4,'B4','Loved “hello”',1,NULL,'iMessage','e:anna@example.com','+15550199',736229200000000000,0,0,0,0,0,0),
 (5,'B5',NULL,1,%s,'iMessage','e:anna@example.com','+15550199',736229300000000000,0,0,0,1,0,0);
UPDATE message SET date_edited=736229060250000000, message_summary_info=%s WHERE ROWID=2;
UPDATE message SET date_retracted=736229160000000000, message_summary_info=%s WHERE ROWID=3;
UPDATE message SET associated_message_type=2000, associated_message_guid='p:0/B1' WHERE ROWID=4;
INSERT INTO chat_message_join (chat_id,message_id,message_date) VALUES (1,1,736228800123456789), (1,2,0), (1,3,0), (1,4,0);
INSERT INTO chat_recoverable_message_join VALUES (1,5,736230000000000000,0);
INSERT INTO sync_deleted_messages VALUES (1,'GONE','');
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA wal_autocheckpoint=0;
INSERT INTO message (ROWID,guid,text,handle_id,service,account,date,is_from_me,is_read) VALUES (6,'B6','only in the log',1,'SMS','p:+15550199',736240000000000000,0,0);
"""
        % (hexed(archive("hello, " + "long " * 30 + "text 你好")), hexed(archive("at seven")), hexed(archive("thrown away")), hexed(edited), hexed(retracted)),
    )
    make(
        out,
        "CallHistory.storedata",
        """
PRAGMA journal_mode=WAL;
CREATE TABLE Z_METADATA (Z_VERSION INTEGER PRIMARY KEY, Z_UUID VARCHAR(255), Z_PLIST BLOB);
CREATE TABLE Z_PRIMARYKEY (Z_ENT INTEGER PRIMARY KEY, Z_NAME VARCHAR, Z_SUPER INTEGER, Z_MAX INTEGER);
CREATE TABLE ZCALLRECORD (Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER, ZANSWERED INTEGER, ZCALL_CATEGORY INTEGER, ZCALLTYPE INTEGER, ZDISCONNECTED_CAUSE INTEGER, ZFACE_TIME_DATA INTEGER, ZHANDLE_TYPE INTEGER, ZNUMBER_AVAILABILITY INTEGER, ZORIGINATED INTEGER, ZREAD INTEGER, ZVERIFICATIONSTATUS INTEGER, ZDATE TIMESTAMP, ZDURATION FLOAT, ZDEVICE_ID VARCHAR, ZISO_COUNTRY_CODE VARCHAR, ZLOCATION VARCHAR, ZNAME VARCHAR, ZSERVICE_PROVIDER VARCHAR, ZUNIQUE_ID VARCHAR, ZADDRESS BLOB, ZLOCALPARTICIPANTUUID BLOB);
CREATE TABLE ZHANDLE (Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER, ZTYPE INTEGER, ZNORMALIZEDVALUE VARCHAR, ZVALUE VARCHAR);
CREATE TABLE Z_2REMOTEPARTICIPANTHANDLES (Z_2REMOTEPARTICIPANTCALLS INTEGER, Z_4REMOTEPARTICIPANTHANDLES INTEGER, PRIMARY KEY (Z_2REMOTEPARTICIPANTCALLS, Z_4REMOTEPARTICIPANTHANDLES));
INSERT INTO ZCALLRECORD (Z_PK,Z_ENT,Z_OPT,ZANSWERED,ZCALLTYPE,ZORIGINATED,ZREAD,ZDATE,ZDURATION,ZISO_COUNTRY_CODE,ZNAME,ZSERVICE_PROVIDER,ZUNIQUE_ID,ZADDRESS) VALUES
 (1,2,1,1,1,0,1,736228800.25,61.75,'us','Anna','com.apple.Telephony','U1',x'2b3135353530313030'),
 (2,2,1,0,1,1,1,736228900,0,'us',NULL,'com.apple.Telephony','U2','+15550101'),
 (3,2,1,0,8,0,0,736229000,0.0,'us',NULL,'com.apple.FaceTime','U3','bo@example.com'),
 (4,2,1,1,16,0,1,736229100.5,12.5,NULL,NULL,NULL,'U4-UNIQUE',NULL);
INSERT INTO ZHANDLE VALUES (1,4,1,3,'bo@example.com','bo@example.com'), (2,4,1,2,'+15550100','+15550100'), (3,4,1,2,NULL,'+15550102');
INSERT INTO Z_2REMOTEPARTICIPANTHANDLES VALUES (3,1), (4,2), (4,3);
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA wal_autocheckpoint=0;
INSERT INTO ZCALLRECORD (Z_PK,Z_ENT,Z_OPT,ZANSWERED,ZCALLTYPE,ZORIGINATED,ZDATE,ZDURATION,ZSERVICE_PROVIDER,ZADDRESS) VALUES (5,2,1,0,1,0,NULL,NULL,'com.apple.Telephony','+15550107');
""",
    )


main(sys.argv[1] if len(sys.argv) > 1 else HERE)
