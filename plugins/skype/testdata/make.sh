#!/usr/bin/env bash
# Makes main.db and main.db-wal with the sqlite3 program. All people are invented.
# make.schema.sql are the tables of a main.db of Skype 6 for macOS, read out of
# test_data/sqlite/skype_main.db of log2timeline/plaso @4ea03ef9 (Apache-2.0).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "${1:-$here}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f "$out/main.db" "$out/main.db-wal"
{
	echo "PRAGMA page_size=1024; PRAGMA journal_mode=WAL;"
	cat "$here/make.schema.sql"
	cat <<'SQL'
INSERT INTO AppSchemaVersion VALUES ('0/6.5.0.443',23,2);
INSERT INTO Accounts (id,is_permanent,status,registration_timestamp,skypename,fullname,birthday,emails,phone_mobile,profile_timestamp,mood_text) VALUES (1,1,7,22920322,'anna.example','Anna Example',19800101,'anna@example.com a2@example.com','+15550100',1375219328,'at sea');
INSERT INTO Contacts (id,is_permanent,type,skypename,fullname,displayname,phone_mobile,emails,isblocked,lastonline_timestamp) VALUES (2,1,1,'bo.example','Bo Example','Bo','+15550101','bo@example.com',1,1375219667), (3,1,2,NULL,NULL,'Pizza',NULL,NULL,NULL,NULL);
UPDATE Contacts SET pstnnumber='+15550199' WHERE id=3;
INSERT INTO Conversations (id,is_permanent,identity,type,displayname) VALUES (10,1,'bo.example',1,'Bo'), (11,1,'#anna.example/$cy.example;1234',2,'Three of us');
INSERT INTO Participants (id,is_permanent,convo_id,identity) VALUES (20,1,10,'anna.example'), (21,1,10,'bo.example'), (22,1,11,'anna.example'), (23,1,11,'bo.example'), (24,1,11,'cy.example');
INSERT INTO Chats (id,is_permanent,name,participants) VALUES (30,1,'#anna.example/$dee.example;99','anna.example dee.example');
INSERT INTO Messages (id,is_permanent,convo_id,chatname,author,from_dispname,guid,dialog_partner,timestamp,type,sending_status,edited_by,edited_timestamp,body_xml,identities,chatmsg_type,chatmsg_status,body_is_rawxml) VALUES
 (100,1,10,'#anna.example/$bo.example;1','anna.example','Anna Example',x'0102030405','bo.example',1375219588,61,2,NULL,NULL,'I&apos;m here &lt;now&gt; <ss type="smile">:)</ss>',NULL,3,2,1),
 (101,1,10,'#anna.example/$bo.example;1','bo.example','Bo',x'0102030406','bo.example',1375219631,61,NULL,'bo.example',1375219640,'see <a href="https://example.com/x?a=1&amp;b=2">here</a>',NULL,3,4,1),
 (102,1,11,'#anna.example/$cy.example;1234','cy.example','Cy',x'0102030407',NULL,1375219647,61,NULL,NULL,NULL,'2 < 3 & 4',NULL,3,4,NULL),
 (103,1,10,NULL,'bo.example','Bo',NULL,'bo.example',1375219666,51,NULL,NULL,NULL,NULL,'anna.example',18,4,NULL),
 (104,1,10,NULL,'anna.example','Anna Example',NULL,'+15550102',13727168620,64,2,NULL,NULL,'<sms alt="short"><type>2</type><status>6</status><targets><target status="6">+15550102</target></targets><body><chunk id="0">a text </chunk><chunk id="1">in two</chunk><untilnext>72</untilnext></body><sendtimestamp>13727168620</sendtimestamp></sms>','+15550102',7,2,1),
 (105,1,10,NULL,'anna.example','Anna Example',NULL,'bo.example',1375219700,68,2,NULL,NULL,'<files alt="sent files"><file size="69986" index="0">plan.pdf</file><file size="12" index="1">b.txt</file></files>',NULL,7,2,1),
 (106,1,10,NULL,'anna.example','Anna Example',NULL,'bo.example',1375219710,39,2,NULL,NULL,'<partlist type="ended" alt=""><part identity="bo.example"><name>Bo</name><duration>646</duration></part></partlist>',NULL,18,2,1),
 (107,1,12,'#anna.example/$dee.example;99','dee.example','Dee',NULL,NULL,1375219720,61,NULL,NULL,NULL,'plain <b>bold</b><br/>next',NULL,3,3,0),
 (108,1,10,NULL,'bo.example','Bo',NULL,'bo.example',1375219730,201,NULL,NULL,NULL,'<URIObject type="Picture.1" uri="https://api.asm.skype.com/v1/objects/0-x">To view this shared photo, go to: <a href="https://login.skype.com/login/sso?pic=0-x">https://login.skype.com/login/sso?pic=0-x</a><OriginalName v="f.png"></OriginalName><FileSize v="108188"></FileSize><meta type="photo" originalName="f.png"></meta></URIObject>',NULL,7,4,1),
 (109,1,10,NULL,NULL,NULL,NULL,'bo.example',NULL,61,NULL,NULL,NULL,'nobody wrote this',NULL,3,4,1);
INSERT INTO SMSes (id,is_permanent,type,status,timestamp,price,price_precision,price_currency,target_numbers,body,chatmsg_id) VALUES (145,1,2,6,1372716862,112,3,'EUR','+15550102 +15550103','a text in two',104), (146,1,1,2,1372716900,NULL,NULL,NULL,'+15550102','an answer',NULL);
INSERT INTO Calls (id,is_permanent,begin_timestamp,host_identity,duration,name,is_incoming,is_unseen_missed) VALUES (110,1,1372716737,'anna.example',NULL,'1-100',0,0), (111,1,1372716800,'bo.example',0,'1-101',1,1);
INSERT INTO CallMembers (id,is_permanent,identity,dispname,call_duration,type,status,call_name,call_db_id) VALUES (120,1,'bo.example','Bo',646,1,6,'1-100',110), (121,1,'cy.example','Cy',12,1,6,'1-100',110), (122,1,'bo.example','Bo',NULL,1,6,'1-101',NULL), (123,1,'eve.example','Eve',5,1,6,'1-999',999);
INSERT INTO Transfers (id,is_permanent,type,partner_handle,partner_dispname,status,starttime,finishtime,filepath,filename,filesize,bytestransferred,accepttime,convo_id) VALUES
 (130,1,2,'bo.example','Bo',8,1382651375,1382651377,'/Users/anna/plan.pdf','plan.pdf','69986','69986',1382651375,10),
 (131,1,1,'bo.example','Bo',12,1382651400,0,'','virus.exe','1000','10',NULL,10);
INSERT INTO Voicemails (id,is_permanent,partner_handle,timestamp,duration) VALUES (140,1,'bo.example',1382651500,9);
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA wal_autocheckpoint=0;
INSERT INTO Messages (id,is_permanent,convo_id,author,timestamp,type,body_xml,chatmsg_status,body_is_rawxml) VALUES (150,1,10,'bo.example',1375300000,61,'only in the log',3,1);
SQL
	echo ".shell cp $work/main.db $out/main.db; cp $work/main.db-wal $out/main.db-wal"
} | sqlite3 -batch -bail "$work/main.db" >/dev/null
