#!/usr/bin/env bash
# Makes the samples with the sqlite3 program. All people and numbers are invented.
#
# Schemas, columns and their order, are those of the Android Open Source Project:
#   mmssms.db       packages/providers/TelephonyProvider, MmsSmsDatabaseHelper.java, DATABASE_VERSION 67
#   mmssms-57.db    the same, 57 (Android 4.4): no sub_id, no creator, no archived
#   calllog.db      packages/providers/ContactsProvider, CallLogDatabaseHelper.java, DATABASE_VERSION 8
#   contacts2.db    the same, ContactsDatabaseHelper.java, Android 4.x: calls are still in it
# Tables and columns that do not matter here are left out of contacts2.db only.
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

make mmssms.db <<'SQL'
PRAGMA journal_mode=WAL;
PRAGMA user_version=67;
CREATE TABLE android_metadata (locale TEXT);
CREATE TABLE pdu (_id INTEGER PRIMARY KEY AUTOINCREMENT,thread_id INTEGER,date INTEGER,date_sent INTEGER DEFAULT 0,msg_box INTEGER,read INTEGER DEFAULT 0,m_id TEXT,sub TEXT,sub_cs INTEGER,ct_t TEXT,ct_l TEXT,exp INTEGER,m_cls TEXT,m_type INTEGER,v INTEGER,m_size INTEGER,pri INTEGER,rr INTEGER,rpt_a INTEGER,resp_st INTEGER,st INTEGER,tr_id TEXT,retr_st INTEGER,retr_txt TEXT,retr_txt_cs INTEGER,read_status INTEGER,ct_cls INTEGER,resp_txt TEXT,d_tm INTEGER,d_rpt INTEGER,locked INTEGER DEFAULT 0,sub_id INTEGER DEFAULT -1,seen INTEGER DEFAULT 0,creator TEXT,text_only INTEGER DEFAULT 0);
CREATE TABLE addr (_id INTEGER PRIMARY KEY,msg_id INTEGER,contact_id INTEGER,address TEXT,type INTEGER,charset INTEGER);
CREATE TABLE part (_id INTEGER PRIMARY KEY AUTOINCREMENT,mid INTEGER,seq INTEGER DEFAULT 0,ct TEXT,name TEXT,chset INTEGER,cd TEXT,fn TEXT,cid TEXT,cl TEXT,ctt_s INTEGER,ctt_t TEXT,_data TEXT,text TEXT);
CREATE TABLE sms (_id INTEGER PRIMARY KEY,thread_id INTEGER,address TEXT,person INTEGER,date INTEGER,date_sent INTEGER DEFAULT 0,protocol INTEGER,read INTEGER DEFAULT 0,status INTEGER DEFAULT -1,type INTEGER,reply_path_present INTEGER,subject TEXT,body TEXT,service_center TEXT,locked INTEGER DEFAULT 0,sub_id INTEGER DEFAULT -1,error_code INTEGER DEFAULT -1,creator TEXT,seen INTEGER DEFAULT 0);
CREATE TABLE raw (_id INTEGER PRIMARY KEY,date INTEGER,reference_number INTEGER,count INTEGER,sequence INTEGER,destination_port INTEGER,address TEXT,sub_id INTEGER DEFAULT -1,pdu TEXT,deleted INTEGER DEFAULT 0,message_body TEXT,display_originating_addr TEXT);
CREATE TABLE canonical_addresses (_id INTEGER PRIMARY KEY AUTOINCREMENT,address TEXT);
CREATE TABLE threads (_id INTEGER PRIMARY KEY AUTOINCREMENT,date INTEGER DEFAULT 0,message_count INTEGER DEFAULT 0,recipient_ids TEXT,snippet TEXT,snippet_cs INTEGER DEFAULT 0,read INTEGER DEFAULT 1,archived INTEGER DEFAULT 0,type INTEGER DEFAULT 0,error INTEGER DEFAULT 0,has_attachment INTEGER DEFAULT 0);
CREATE INDEX partMidIndex ON part (mid);
CREATE INDEX addrMsgIdIndex ON addr (msg_id);
INSERT INTO android_metadata VALUES ('en_US');
INSERT INTO canonical_addresses VALUES (1,'+15550100'), (2,'+15550101'), (3,'INFO');
INSERT INTO threads (_id,date,message_count,recipient_ids,snippet) VALUES (1,1714536428000,6,'1','see you'), (2,1714540000000,3,'1 2','Group'), (3,1714541000000,2,'3','Your code is 1234');
INSERT INTO sms (_id,thread_id,address,date,date_sent,protocol,read,status,type,body,service_center,sub_id,creator,seen) VALUES
 (1,1,'+15550100',1714536428038,1714536427000,0,1,-1,1,'hello','+15550999',1,'com.android.mms',1),
 (2,1,'+15550100',1714536500000,0,NULL,1,0,2,'hi, 你好 🙂',NULL,1,'com.android.mms',1),
 (3,1,'+15550100',1714536600000,0,NULL,1,-1,3,'not sent yet',NULL,1,NULL,0),
 (4,1,'+15550100',1714536700000,0,NULL,1,64,5,'did not go',NULL,1,NULL,0),
 (5,1,'+15550100',1714536800,0,NULL,1,-1,2,'seconds, by a faulty restore',NULL,-1,'org.example.restore',0),
 (6,3,'INFO',1714541000000,1714540999000,0,0,-1,1,'Your code is 1234',NULL,1,NULL,0),
 (7,3,'INFO',NULL,0,0,0,-1,19,NULL,NULL,1,NULL,0);
INSERT INTO pdu (_id,thread_id,date,date_sent,msg_box,read,m_id,sub,sub_cs,ct_t,m_type,v,m_size,sub_id,text_only) VALUES
 (1,2,1714539000,1714538990,1,0,'m1',NULL,106,'application/vnd.wap.multipart.related',132,18,31000,1,0),
 (2,2,1714540000,0,2,1,'m2',NULL,NULL,'application/vnd.wap.multipart.related',128,18,200,1,1),
 (3,2,1714540100,0,1,0,NULL,NULL,NULL,NULL,130,18,90000,1,0);
UPDATE pdu SET sub='Gr'||char(195,188,195,159)||'e' WHERE _id=1;
UPDATE pdu SET ct_l='http://mmsc.example/m3' WHERE _id=3;
INSERT INTO addr (_id,msg_id,address,type,charset) VALUES (1,1,'+15550100',137,106), (2,1,'+15550102',151,106), (3,1,'+15550101',130,106), (4,2,'insert-address-token',137,106), (5,2,'+15550100',151,106), (6,2,'+15550101',151,106), (7,3,'+15550101',137,106), (8,9,'+15550109',137,106);
INSERT INTO part (_id,mid,seq,ct,name,chset,cid,cl,_data,text) VALUES
 (1,1,-1,'application/smil',NULL,NULL,'<smil>','smil.xml',NULL,'<smil><body/></smil>'),
 (2,1,0,'image/jpeg','IMG_1.jpg',NULL,'<IMG_1>','IMG_1.jpg','/data/user_de/0/com.android.providers.telephony/app_parts/PART_1',NULL),
 (3,1,0,'text/plain',NULL,106,'<text_0>','text_0.txt',NULL,'look at this'),
 (4,2,0,'text/plain',NULL,106,'<text_0>','text_0.txt',NULL,'Group'),
 (5,2,1,'text/plain',NULL,106,'<text_1>','text_1.txt',NULL,'message'),
 (6,8,0,'text/plain',NULL,106,NULL,'text_0.txt',NULL,'its message is gone');
INSERT INTO raw (_id,date,count,sequence,address,pdu) VALUES (1,1714541100000,2,1,'+15550100','07');
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA wal_autocheckpoint=0;
INSERT INTO sms (_id,thread_id,address,date,date_sent,protocol,read,status,type,body,sub_id,seen) VALUES (8,1,'+15550100',1714541200000,1714541199000,0,0,-1,1,'only in the log',1,0);
UPDATE sms SET read=1 WHERE _id=6;
SQL

make mmssms-57.db <<'SQL'
PRAGMA user_version=57;
CREATE TABLE android_metadata (locale TEXT);
CREATE TABLE pdu (_id INTEGER PRIMARY KEY AUTOINCREMENT,thread_id INTEGER,date INTEGER,date_sent INTEGER DEFAULT 0,msg_box INTEGER,read INTEGER DEFAULT 0,m_id TEXT,sub TEXT,sub_cs INTEGER,ct_t TEXT,ct_l TEXT,exp INTEGER,m_cls TEXT,m_type INTEGER,v INTEGER,m_size INTEGER,pri INTEGER,rr INTEGER,rpt_a INTEGER,resp_st INTEGER,st INTEGER,tr_id TEXT,retr_st INTEGER,retr_txt TEXT,retr_txt_cs INTEGER,read_status INTEGER,ct_cls INTEGER,resp_txt TEXT,d_tm INTEGER,d_rpt INTEGER,locked INTEGER DEFAULT 0,seen INTEGER DEFAULT 0,text_only INTEGER DEFAULT 0);
CREATE TABLE addr (_id INTEGER PRIMARY KEY,msg_id INTEGER,contact_id INTEGER,address TEXT,type INTEGER,charset INTEGER);
CREATE TABLE part (_id INTEGER PRIMARY KEY AUTOINCREMENT,mid INTEGER,seq INTEGER DEFAULT 0,ct TEXT,name TEXT,chset INTEGER,cd TEXT,fn TEXT,cid TEXT,cl TEXT,ctt_s INTEGER,ctt_t TEXT,_data TEXT,text TEXT);
CREATE TABLE sms (_id INTEGER PRIMARY KEY,thread_id INTEGER,address TEXT,person INTEGER,date INTEGER,date_sent INTEGER DEFAULT 0,protocol INTEGER,read INTEGER DEFAULT 0,status INTEGER DEFAULT -1,type INTEGER,reply_path_present INTEGER,subject TEXT,body TEXT,service_center TEXT,locked INTEGER DEFAULT 0,error_code INTEGER DEFAULT 0,seen INTEGER DEFAULT 0);
CREATE TABLE canonical_addresses (_id INTEGER PRIMARY KEY AUTOINCREMENT,address TEXT);
CREATE TABLE threads (_id INTEGER PRIMARY KEY AUTOINCREMENT,date INTEGER DEFAULT 0,message_count INTEGER DEFAULT 0,recipient_ids TEXT,snippet TEXT,snippet_cs INTEGER DEFAULT 0,read INTEGER DEFAULT 1,type INTEGER DEFAULT 0,error INTEGER DEFAULT 0,has_attachment INTEGER DEFAULT 0);
INSERT INTO canonical_addresses VALUES (1,'+15550110');
INSERT INTO threads (_id,date,message_count,recipient_ids) VALUES (1,1383066980000,2,'1');
INSERT INTO sms (_id,thread_id,address,date,date_sent,protocol,read,type,body) VALUES (1,1,'+15550110',1383065788038,0,NULL,1,2,'a message of 2013'), (2,1,'+15550110',1383066341303,1383066340000,0,0,1,'and its answer');
SQL

make calllog.db <<'SQL'
PRAGMA journal_mode=WAL;
PRAGMA user_version=8;
CREATE TABLE android_metadata (locale TEXT);
CREATE TABLE properties (property_key TEXT PRIMARY KEY, property_value TEXT);
CREATE TABLE calls (_id INTEGER PRIMARY KEY AUTOINCREMENT,number TEXT,presentation INTEGER NOT NULL DEFAULT 1,post_dial_digits TEXT NOT NULL DEFAULT '',via_number TEXT NOT NULL DEFAULT '',date INTEGER,duration INTEGER,data_usage INTEGER,type INTEGER,features INTEGER NOT NULL DEFAULT 0,subscription_component_name TEXT,subscription_id TEXT,phone_account_address TEXT,phone_account_hidden INTEGER NOT NULL DEFAULT 0,sub_id INTEGER DEFAULT -1,new INTEGER,name TEXT,numbertype INTEGER,numberlabel TEXT,countryiso TEXT,voicemail_uri TEXT,is_read INTEGER,geocoded_location TEXT,lookup_uri TEXT,matched_number TEXT,normalized_number TEXT,photo_id INTEGER NOT NULL DEFAULT 0,photo_uri TEXT,formatted_number TEXT,add_for_all_users INTEGER NOT NULL DEFAULT 1,last_modified INTEGER DEFAULT 0,call_screening_component_name TEXT,call_screening_app_name TEXT,block_reason INTEGER NOT NULL DEFAULT 0,_data TEXT,has_content INTEGER,mime_type TEXT,source_data TEXT,source_package TEXT,transcription TEXT,transcription_state INTEGER NOT NULL DEFAULT 0,state INTEGER,dirty INTEGER NOT NULL DEFAULT 0,deleted INTEGER NOT NULL DEFAULT 0,backed_up INTEGER NOT NULL DEFAULT 0,restored INTEGER NOT NULL DEFAULT 0,archived INTEGER NOT NULL DEFAULT 0,is_omtp_voicemail INTEGER NOT NULL DEFAULT 0);
INSERT INTO calls (_id,number,presentation,date,duration,type,phone_account_address,name,numbertype,countryiso,geocoded_location) VALUES
 (1,'+15550100',1,1714536428038,61,1,'+15550102','Anna',2,'US','Springfield'),
 (2,'+15550101',1,1714536500000,126,2,'+15550102',NULL,NULL,'US',NULL),
 (3,'',2,1714536600000,0,3,'+15550102',NULL,NULL,'US',NULL),
 (4,'+15550103',1,1714536700000,0,5,NULL,NULL,NULL,NULL,NULL),
 (5,'+15550104',1,1714536800000,0,1000,NULL,NULL,NULL,NULL,NULL),
 (6,'+15550105',1,NULL,NULL,7,NULL,NULL,NULL,NULL,NULL);
INSERT INTO calls (_id,number,date,duration,type,transcription,deleted) VALUES (7,'+15550106',1714536900000,12,4,'please call back',1);
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA wal_autocheckpoint=0;
INSERT INTO calls (_id,number,date,duration,type) VALUES (8,'+15550107',1714541200000,5,2);
SQL

make contacts2.db <<'SQL'
PRAGMA user_version=803;
CREATE TABLE android_metadata (locale TEXT);
CREATE TABLE accounts (_id INTEGER PRIMARY KEY AUTOINCREMENT,account_name TEXT, account_type TEXT, data_set TEXT);
CREATE TABLE contacts (_id INTEGER PRIMARY KEY AUTOINCREMENT,name_raw_contact_id INTEGER REFERENCES raw_contacts(_id),photo_id INTEGER REFERENCES data(_id),photo_file_id INTEGER REFERENCES photo_files(_id),custom_ringtone TEXT,send_to_voicemail INTEGER NOT NULL DEFAULT 0,times_contacted INTEGER NOT NULL DEFAULT 0,last_time_contacted INTEGER,starred INTEGER NOT NULL DEFAULT 0,has_phone_number INTEGER NOT NULL DEFAULT 0,lookup TEXT,status_update_id INTEGER REFERENCES data(_id), contact_last_updated_timestamp INTEGER);
CREATE TABLE raw_contacts (_id INTEGER PRIMARY KEY AUTOINCREMENT,account_id INTEGER REFERENCES accounts(_id),sourceid TEXT,raw_contact_is_read_only INTEGER NOT NULL DEFAULT 0,version INTEGER NOT NULL DEFAULT 1,dirty INTEGER NOT NULL DEFAULT 0,deleted INTEGER NOT NULL DEFAULT 0,contact_id INTEGER REFERENCES contacts(_id),aggregation_mode INTEGER NOT NULL DEFAULT 0,starred INTEGER NOT NULL DEFAULT 0,display_name TEXT,display_name_alt TEXT,display_name_source INTEGER NOT NULL DEFAULT 0,sort_key TEXT);
CREATE TABLE mimetypes (_id INTEGER PRIMARY KEY AUTOINCREMENT,mimetype TEXT NOT NULL);
CREATE TABLE data (_id INTEGER PRIMARY KEY AUTOINCREMENT,package_id INTEGER REFERENCES package(_id),mimetype_id INTEGER REFERENCES mimetype(_id) NOT NULL,raw_contact_id INTEGER REFERENCES raw_contacts(_id) NOT NULL,is_read_only INTEGER NOT NULL DEFAULT 0,is_primary INTEGER NOT NULL DEFAULT 0,is_super_primary INTEGER NOT NULL DEFAULT 0,data_version INTEGER NOT NULL DEFAULT 0,data1 TEXT,data2 TEXT,data3 TEXT,data4 TEXT,data5 TEXT,data6 TEXT,data7 TEXT,data8 TEXT,data9 TEXT,data10 TEXT,data11 TEXT,data12 TEXT,data13 TEXT,data14 TEXT,data15 TEXT);
CREATE TABLE deleted_contacts (contact_id INTEGER PRIMARY KEY,contact_deleted_timestamp INTEGER NOT NULL default 0);
CREATE TABLE calls (_id INTEGER PRIMARY KEY AUTOINCREMENT,number TEXT,date INTEGER,duration INTEGER,type INTEGER,new INTEGER,name TEXT,numbertype INTEGER,numberlabel TEXT,countryiso TEXT,voicemail_uri TEXT,is_read INTEGER,geocoded_location TEXT,lookup_uri TEXT,matched_number TEXT,normalized_number TEXT,photo_id INTEGER NOT NULL DEFAULT 0,formatted_number TEXT,_data TEXT,has_content INTEGER,mime_type TEXT,source_data TEXT,source_package TEXT,state INTEGER);
INSERT INTO accounts VALUES (1,'owner@example.com','com.google',NULL);
INSERT INTO mimetypes VALUES (1,'vnd.android.cursor.item/email_v2'), (2,'vnd.android.cursor.item/im'), (3,'vnd.android.cursor.item/name'), (4,'vnd.android.cursor.item/organization'), (5,'vnd.android.cursor.item/phone_v2'), (6,'vnd.android.cursor.item/note'), (7,'vnd.android.cursor.item/photo'), (8,'vnd.android.cursor.item/vnd.com.whatsapp.profile'), (9,'vnd.android.cursor.item/nickname');
INSERT INTO contacts (_id,name_raw_contact_id,contact_last_updated_timestamp) VALUES (1,1,1383772636690), (2,2,1383772736690);
INSERT INTO raw_contacts (_id,account_id,contact_id,display_name,deleted) VALUES (1,1,1,'Anna Example',0), (2,1,2,'+15550101',0), (3,1,NULL,'Gone Example',1);
INSERT INTO data (_id,mimetype_id,raw_contact_id,is_primary,data1,data2,data3,data4) VALUES
 (1,3,1,0,'Anna Example','Anna','Example',NULL),
 (2,5,1,1,'+1 555-0100','2',NULL,'+15550100'),
 (3,5,1,0,'+1 555-0108','0','Boat',NULL),
 (4,1,1,0,'anna@example.com','1',NULL,NULL),
 (5,2,1,0,'anna.example','1',NULL,NULL),
 (6,4,1,0,'Example Ltd','1',NULL,'Owner'),
 (7,6,1,0,'met in spring',NULL,NULL,NULL),
 (8,8,1,0,'15550100@s.whatsapp.net','Message','+15550100',NULL),
 (9,9,1,0,'Annie',NULL,NULL,NULL),
 (10,5,2,0,'+15550101','2',NULL,NULL),
 (11,3,3,0,'Gone Example',NULL,NULL,NULL),
 (12,5,77,0,'+15550177','2',NULL,NULL);
INSERT INTO data (_id,mimetype_id,raw_contact_id,data15) VALUES (13,7,1,x'ffd8ffe000104a46494600');
INSERT INTO deleted_contacts VALUES (9,1383772836690);
INSERT INTO calls (_id,number,date,duration,type,new,name,numbertype,countryiso,is_read,geocoded_location,normalized_number,formatted_number) VALUES (714,'15550100',1383772636690,0,3,0,'Anna Example',2,'US',1,'Springfield','+15550100','(555) 0100'), (715,'-2',1383772733283,126,1,0,NULL,NULL,'US',NULL,NULL,NULL,NULL);
SQL
