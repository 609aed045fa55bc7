#!/usr/bin/env bash
# Makes the samples with the sqlite3 program. All people and numbers are invented.
# msgstore.db: the statements of the app of 2025 as public test fixtures of exporters
# have them, columns at the end of chat left out. msgstore-2020.db: those of the app
# before 2021 as public. ChatStorage.sqlite: the columns that iLEAPP and exporters query.
set -euo pipefail
out=$(cd "${1:-$(dirname "$0")}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# make NAME: a database of the script on standard input, copied with its log while it is open.
make() {
	rm -f "$out/$1" "$out/$1-wal"
	{
		echo "PRAGMA page_size=1024;"
		cat
		echo ".shell cp $work/$1 $out/$1; if [ -s $work/$1-wal ]; then cp $work/$1-wal $out/$1-wal; fi"
	} | sqlite3 -batch -bail "$work/$1" >/dev/null
}

make msgstore.db <<'SQL'
PRAGMA journal_mode=WAL;
PRAGMA user_version=1;
CREATE TABLE call_log (_id INTEGER PRIMARY KEY AUTOINCREMENT, jid_row_id INTEGER, from_me INTEGER, call_id TEXT, transaction_id INTEGER, timestamp INTEGER, video_call INTEGER, duration INTEGER, call_result INTEGER, bytes_transferred INTEGER, group_jid_row_id INTEGER NOT NULL DEFAULT 0, is_joinable_group_call INTEGER, call_creator_device_jid_row_id INTEGER NOT NULL DEFAULT 0, call_random_id TEXT, call_link_row_id INTEGER NOT NULL DEFAULT 0, is_dnd_mode_on INTEGER, call_type INTEGER, offer_silence_reason INTEGER, scheduled_id TEXT, telecom_uuid TEXT);
CREATE TABLE call_log_participant_v2 (_id INTEGER PRIMARY KEY AUTOINCREMENT, call_log_row_id INTEGER, jid_row_id INTEGER, call_result INTEGER);
CREATE TABLE chat (_id INTEGER PRIMARY KEY AUTOINCREMENT,jid_row_id INTEGER UNIQUE,hidden INTEGER,subject TEXT,created_timestamp INTEGER,display_message_row_id INTEGER,last_message_row_id INTEGER,archived INTEGER,sort_timestamp INTEGER);
CREATE TABLE jid (_id INTEGER PRIMARY KEY AUTOINCREMENT, user TEXT NOT NULL, server TEXT NOT NULL, agent INTEGER, device INTEGER, type INTEGER, raw_string TEXT);
CREATE TABLE group_participant_user (_id INTEGER PRIMARY KEY AUTOINCREMENT, group_jid_row_id INTEGER NOT NULL, user_jid_row_id INTEGER NOT NULL, rank INTEGER, pending INTEGER);
CREATE TABLE message (_id INTEGER PRIMARY KEY AUTOINCREMENT, chat_row_id INTEGER NOT NULL, from_me INTEGER NOT NULL, key_id TEXT NOT NULL, sender_jid_row_id INTEGER, status INTEGER, broadcast INTEGER, recipient_count INTEGER, participant_hash TEXT, origination_flags INTEGER, origin INTEGER, timestamp INTEGER, received_timestamp INTEGER, receipt_server_timestamp INTEGER, message_type INTEGER, text_data TEXT, starred INTEGER, lookup_tables INTEGER, sort_id INTEGER NOT NULL DEFAULT 0, message_add_on_flags INTEGER, view_mode INTEGER, translated_text TEXT, view_replies_thread_id INTEGER);
CREATE TABLE message_edit_info (message_row_id INTEGER PRIMARY KEY, original_key_id TEXT NOT NULL, edited_timestamp INTEGER NOT NULL, sender_timestamp INTEGER NOT NULL);
CREATE TABLE message_location (message_row_id INTEGER PRIMARY KEY, chat_row_id INTEGER, latitude REAL, longitude REAL, place_name TEXT, place_address TEXT, url TEXT, live_location_share_duration INTEGER);
CREATE TABLE message_media (message_row_id INTEGER PRIMARY KEY, chat_row_id INTEGER, transferred INTEGER, file_path TEXT, file_size INTEGER, media_key BLOB, width INTEGER, height INTEGER, message_url TEXT, mime_type TEXT, file_length INTEGER, media_name TEXT, file_hash TEXT, media_duration INTEGER, enc_file_hash TEXT, media_caption TEXT);
CREATE TABLE message_quoted (message_row_id INTEGER PRIMARY KEY AUTOINCREMENT, chat_row_id INTEGER NOT NULL, parent_message_chat_row_id INTEGER NOT NULL, from_me INTEGER NOT NULL, sender_jid_row_id INTEGER, key_id TEXT NOT NULL, timestamp INTEGER, message_type INTEGER, origin INTEGER, text_data TEXT);
CREATE TABLE message_revoked (message_row_id INTEGER PRIMARY KEY, revoked_key_id TEXT NOT NULL, admin_jid_row_id INTEGER, revoke_timestamp INTEGER);
CREATE TABLE message_system (message_row_id INTEGER PRIMARY KEY, action_type INTEGER NOT NULL);
CREATE TABLE message_add_on_reaction (message_add_on_row_id INTEGER PRIMARY KEY, reaction TEXT, sender_timestamp INTEGER);
INSERT INTO jid (_id,user,server,type,raw_string) VALUES (1,'15550100','s.whatsapp.net',0,'15550100@s.whatsapp.net'), (2,'15550101','s.whatsapp.net',0,'15550101@s.whatsapp.net'), (3,'15550100-1600000000','g.us',1,'15550100-1600000000@g.us'), (4,'15550102','s.whatsapp.net',0,NULL);
INSERT INTO chat (_id,jid_row_id,subject) VALUES (1,1,NULL), (2,3,'Sailors');
INSERT INTO group_participant_user (group_jid_row_id,user_jid_row_id) VALUES (3,1), (3,2), (3,4);
INSERT INTO message (_id,chat_row_id,from_me,key_id,sender_jid_row_id,status,timestamp,received_timestamp,receipt_server_timestamp,message_type,text_data) VALUES
 (1,-1,0,'-1',NULL,-1,0,-1,-1,-1,NULL),
 (2,1,0,'AAAA0002',0,0,1714536428000,1714536428038,-1,0,'hello'),
 (3,1,1,'AAAA0003',0,13,1714536500000,0,1714536501000,0,'hi, 你好 🙂'),
 (4,2,0,'AAAA0004',2,0,1714536600000,1714536600100,-1,1,NULL),
 (5,2,1,'AAAA0005',0,5,1714536700000,0,1714536701000,0,'to all sailors'),
 (6,2,0,'AAAA0006',4,0,1714536800000,1714536800100,-1,15,NULL),
 (7,1,0,'AAAA0007',0,0,1714536900000,1714536900100,-1,5,NULL),
 (8,1,1,'AAAA0008',0,4,1714537000000,0,1714537001000,0,'edited text'),
 (9,2,0,'AAAA0009',0,6,1714537100000,0,-1,7,NULL),
 (10,7,0,'AAAA0010',NULL,0,NULL,0,-1,99,'its conversation is gone');
INSERT INTO message_media VALUES (4,2,1,'Media/WhatsApp Images/IMG-20240501-WA0001.jpg',31000,x'00112233',640,480,'https://mmg.example/x','image/jpeg',31000,NULL,'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=',0,NULL,'the harbour');
INSERT INTO message_media (message_row_id,file_path,mime_type,file_length) VALUES (77,'Media/gone.mp4','video/mp4',9000);
INSERT INTO message_location VALUES (7,1,52.5,13.25,'Pier 7','Harbour Street 1',NULL,NULL);
INSERT INTO message_quoted VALUES (8,1,1,0,1,'AAAA0002',1714536428000,0,0,'hello');
INSERT INTO message_edit_info VALUES (8,'AAAA0008X',1714537060000,1714537000000);
INSERT INTO message_revoked VALUES (6,'AAAA0001',NULL,1714536900000);
INSERT INTO message_system VALUES (9,12);
INSERT INTO message_add_on_reaction VALUES (1,'👍',1714537200000);
INSERT INTO call_log (_id,jid_row_id,from_me,call_id,timestamp,video_call,duration,call_result,group_jid_row_id) VALUES (1,1,0,'call:0001',1714538000000,0,61,5,0), (2,2,1,'call:0002',1714538100000,1,0,4,3);
INSERT INTO call_log_participant_v2 (call_log_row_id,jid_row_id,call_result) VALUES (2,2,4), (2,1,4);
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA wal_autocheckpoint=0;
INSERT INTO message (_id,chat_row_id,from_me,key_id,status,timestamp,received_timestamp,message_type,text_data) VALUES (11,1,0,'AAAA0011',0,1714541200000,1714541200100,0,'only in the log');
SQL

make msgstore-2020.db <<'SQL'
PRAGMA user_version=1;
CREATE TABLE messages (_id INTEGER PRIMARY KEY AUTOINCREMENT, key_remote_jid TEXT NOT NULL, key_from_me INTEGER, key_id TEXT NOT NULL, status INTEGER, needs_push INTEGER, data TEXT, timestamp INTEGER, media_url TEXT, media_mime_type TEXT, media_wa_type TEXT, media_size INTEGER, media_name TEXT, media_caption TEXT, media_hash TEXT, media_duration INTEGER, origin INTEGER, latitude REAL, longitude REAL, thumb_image TEXT, remote_resource TEXT, received_timestamp INTEGER, send_timestamp INTEGER, receipt_server_timestamp INTEGER, receipt_device_timestamp INTEGER, read_device_timestamp INTEGER, played_device_timestamp INTEGER, raw_data BLOB, recipient_count INTEGER, participant_hash TEXT, starred INTEGER, quoted_row_id INTEGER, mentioned_jids TEXT, multicast_id TEXT, edit_version INTEGER, media_enc_hash TEXT, payment_transaction_id TEXT, forwarded INTEGER, preview_type INTEGER, send_count INTEGER);
CREATE TABLE chat_list (_id INTEGER PRIMARY KEY AUTOINCREMENT, key_remote_jid TEXT UNIQUE, message_table_id INTEGER, subject TEXT, creation INTEGER, sort_timestamp INTEGER);
CREATE TABLE group_participants (_id INTEGER PRIMARY KEY AUTOINCREMENT, gjid TEXT NOT NULL, jid TEXT NOT NULL, admin INTEGER, pending INTEGER, sent_sender_key INTEGER);
INSERT INTO chat_list (_id,key_remote_jid,subject) VALUES (1,'15550100@s.whatsapp.net',NULL), (2,'15550100-1400000000@g.us','Sailors');
INSERT INTO group_participants (gjid,jid) VALUES ('15550100-1400000000@g.us','15550100@s.whatsapp.net'), ('15550100-1400000000@g.us','15550101@s.whatsapp.net'), ('15550100-1400000000@g.us','');
INSERT INTO messages (_id,key_remote_jid,key_from_me,key_id,status,data,timestamp) VALUES (1,'-1',0,'-1',-1,NULL,0);
INSERT INTO messages (_id,key_remote_jid,key_from_me,key_id,status,data,timestamp,media_wa_type,media_mime_type,media_size,media_name,media_caption,media_hash,latitude,longitude,remote_resource,received_timestamp,receipt_device_timestamp,read_device_timestamp) VALUES
 (2,'15550100@s.whatsapp.net',0,'BB02',0,'hello',1414536428000,'0',NULL,0,NULL,NULL,NULL,0.0,0.0,NULL,1414536428038,-1,NULL),
 (3,'15550100@s.whatsapp.net',1,'BB03',5,'an answer',1414536500000,'0',NULL,0,NULL,NULL,NULL,0.0,0.0,NULL,1414536500100,1414536502000,1414536600000),
 (4,'15550100-1400000000@g.us',0,'BB04',0,NULL,1414536600000,'1','image/jpeg',31000,'IMG_4.jpg','the harbour','ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=',0.0,0.0,'15550101@s.whatsapp.net',1414536600100,-1,NULL),
 (5,'15550100-1400000000@g.us',1,'BB05',4,'to all sailors',1414536700000,'0',NULL,0,NULL,NULL,NULL,0.0,0.0,'',0,-1,NULL),
 (6,'15550100@s.whatsapp.net',0,'BB06',0,NULL,1414536800000,'15',NULL,0,NULL,NULL,NULL,0.0,0.0,NULL,1414536800100,-1,NULL);
SQL

make ChatStorage.sqlite <<'SQL'
PRAGMA journal_mode=WAL;
CREATE TABLE Z_METADATA (Z_VERSION INTEGER PRIMARY KEY, Z_UUID VARCHAR(255), Z_PLIST BLOB);
CREATE TABLE ZWACHATSESSION (Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER, ZARCHIVED INTEGER, ZREMOVED INTEGER, ZSESSIONTYPE INTEGER, ZGROUPINFO INTEGER, ZLASTMESSAGEDATE TIMESTAMP, ZCONTACTJID VARCHAR, ZPARTNERNAME VARCHAR);
CREATE TABLE ZWAGROUPMEMBER (Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER, ZISACTIVE INTEGER, ZISADMIN INTEGER, ZCHATSESSION INTEGER, ZCONTACTNAME VARCHAR, ZFIRSTNAME VARCHAR, ZMEMBERJID VARCHAR);
CREATE TABLE ZWAMEDIAITEM (Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER, ZFILESIZE INTEGER, ZMOVIEDURATION INTEGER, ZMESSAGE INTEGER, ZLATITUDE FLOAT, ZLONGITUDE FLOAT, ZMEDIALOCALPATH VARCHAR, ZMEDIAURL VARCHAR, ZTITLE VARCHAR, ZVCARDNAME VARCHAR, ZVCARDSTRING VARCHAR, ZMEDIAKEY BLOB, ZMETADATA BLOB);
CREATE TABLE ZWAMESSAGE (Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER, ZFLAGS INTEGER, ZGROUPEVENTTYPE INTEGER, ZISFROMME INTEGER, ZMESSAGESTATUS INTEGER, ZMESSAGETYPE INTEGER, ZSORT INTEGER, ZSTARRED INTEGER, ZCHATSESSION INTEGER, ZGROUPMEMBER INTEGER, ZMEDIAITEM INTEGER, ZMESSAGEINFO INTEGER, ZPARENTMESSAGE INTEGER, ZMESSAGEDATE TIMESTAMP, ZSENTDATE TIMESTAMP, ZFROMJID VARCHAR, ZPUSHNAME VARCHAR, ZSTANZAID VARCHAR, ZTEXT VARCHAR, ZTOJID VARCHAR);
INSERT INTO ZWACHATSESSION (Z_PK,ZSESSIONTYPE,ZCONTACTJID,ZPARTNERNAME) VALUES (1,0,'15550100@s.whatsapp.net','Anna'), (2,1,'15550100-1600000000@g.us','Sailors');
INSERT INTO ZWAGROUPMEMBER (Z_PK,ZCHATSESSION,ZCONTACTNAME,ZMEMBERJID) VALUES (1,2,'Anna','15550100@s.whatsapp.net'), (2,2,'Bo','15550101@s.whatsapp.net');
INSERT INTO ZWAMEDIAITEM (Z_PK,ZFILESIZE,ZMESSAGE,ZMEDIALOCALPATH,ZTITLE,ZVCARDNAME,ZVCARDSTRING) VALUES (1,31000,3,'Media/15550101@s.whatsapp.net/a/b/0001.jpg','the harbour','ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=','image/jpeg');
INSERT INTO ZWAMESSAGE (Z_PK,ZISFROMME,ZMESSAGESTATUS,ZMESSAGETYPE,ZCHATSESSION,ZGROUPMEMBER,ZMEDIAITEM,ZMESSAGEDATE,ZSENTDATE,ZFROMJID,ZSTANZAID,ZTEXT,ZTOJID) VALUES
 (1,0,8,0,1,NULL,NULL,736228800.25,736228799,'15550100@s.whatsapp.net','CC01','hello',NULL),
 (2,1,8,0,1,NULL,NULL,736228900,NULL,NULL,'CC02','an answer','15550100@s.whatsapp.net'),
 (3,0,8,1,2,2,1,736229000,NULL,'15550100-1600000000@g.us','CC03',NULL,NULL),
 (4,1,6,0,2,NULL,NULL,736229100,NULL,NULL,'CC04','to all sailors','15550100-1600000000@g.us'),
 (5,0,8,14,1,NULL,NULL,736229200,NULL,'15550100@s.whatsapp.net','CC05',NULL,NULL),
 (6,0,8,0,9,NULL,NULL,NULL,NULL,'15550109@s.whatsapp.net','CC06','its conversation is gone',NULL);
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA wal_autocheckpoint=0;
INSERT INTO ZWAMESSAGE (Z_PK,ZISFROMME,ZMESSAGETYPE,ZCHATSESSION,ZMESSAGEDATE,ZFROMJID,ZSTANZAID,ZTEXT) VALUES (7,0,0,1,736240000,'15550100@s.whatsapp.net','CC07','only in the log');
SQL
