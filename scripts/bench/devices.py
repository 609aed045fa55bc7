"""Plugins that read what devices keep, against sqlite3 reading the same table."""
import os, subprocess, tempfile

# of each: plugin, file, schema and rows of n, and the table that is compared with.
SQL = {
    "android, SMS": ("android", "mmssms.db", """
CREATE TABLE sms (_id INTEGER PRIMARY KEY,thread_id INTEGER,address TEXT,person INTEGER,date INTEGER,date_sent INTEGER DEFAULT 0,protocol INTEGER,read INTEGER DEFAULT 0,status INTEGER DEFAULT -1,type INTEGER,reply_path_present INTEGER,subject TEXT,body TEXT,service_center TEXT,locked INTEGER DEFAULT 0,sub_id INTEGER DEFAULT -1,error_code INTEGER DEFAULT -1,creator TEXT,seen INTEGER DEFAULT 0);
CREATE TABLE threads (_id INTEGER PRIMARY KEY,message_count INTEGER,recipient_ids TEXT);
CREATE TABLE canonical_addresses (_id INTEGER PRIMARY KEY,address TEXT);
INSERT INTO canonical_addresses WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM i WHERE n<500) SELECT n, '+1555'||(1000000+n) FROM i;
INSERT INTO threads SELECT _id, 0, _id FROM canonical_addresses;
INSERT INTO sms (_id,thread_id,address,date,date_sent,protocol,read,type,body,sub_id,creator) WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM i WHERE n<N) SELECT n, n%500+1, '+1555'||(1000001+n%500), 1714536428000+n*1000, 0, 0, 1, n%2+1, 'message number '||n||', a text of usual length', 1, 'com.android.mms' FROM i;""", "sms"),
    "android, calls": ("android", "calllog.db", """
CREATE TABLE android_metadata (locale TEXT);
CREATE TABLE calls (_id INTEGER PRIMARY KEY AUTOINCREMENT,number TEXT,presentation INTEGER NOT NULL DEFAULT 1,date INTEGER,duration INTEGER,type INTEGER,phone_account_address TEXT,new INTEGER,name TEXT,numbertype INTEGER,countryiso TEXT,is_read INTEGER,geocoded_location TEXT);
INSERT INTO calls (number,date,duration,type,name,numbertype,countryiso,is_read) WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM i WHERE n<N) SELECT '+1555'||(1000000+n%500), 1714536428000+n*1000, n%600, n%3+1, 'Name '||(n%500), 2, 'US', 1 FROM i;""", "calls"),
    "skype, messages": ("skype", "main.db", """
CREATE TABLE Accounts (id INTEGER NOT NULL PRIMARY KEY, skypename TEXT, fullname TEXT);
CREATE TABLE Conversations (id INTEGER NOT NULL PRIMARY KEY, identity TEXT);
CREATE TABLE Participants (id INTEGER NOT NULL PRIMARY KEY, convo_id INTEGER, identity TEXT);
CREATE TABLE Messages (id INTEGER NOT NULL PRIMARY KEY, is_permanent INTEGER, convo_id INTEGER, chatname TEXT, author TEXT, from_dispname TEXT, guid BLOB, dialog_partner TEXT, timestamp INTEGER, type INTEGER, sending_status INTEGER, body_xml TEXT, chatmsg_type INTEGER, chatmsg_status INTEGER, body_is_rawxml INTEGER);
INSERT INTO Accounts VALUES (1, 'anna.example', 'Anna');
INSERT INTO Conversations WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM i WHERE n<500) SELECT n, 'user.'||n FROM i;
INSERT INTO Participants SELECT id, id, identity FROM Conversations;
INSERT INTO Messages WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM i WHERE n<N) SELECT n, 1, n%500+1, '#anna.example/$user.'||(n%500+1)||';1', CASE n%2 WHEN 0 THEN 'anna.example' ELSE 'user.'||(n%500+1) END, 'A Name', x'00112233445566778899', 'user.'||(n%500+1), 1375219588+n, 61, 2, 'message number '||n||', it&apos;s of usual length <ss type="smile">:)</ss>', 3, 2, 1 FROM i;""", "Messages"),
    "apple, messages": ("apple", "chat.db", """
CREATE TABLE handle (ROWID INTEGER PRIMARY KEY, id TEXT, service TEXT);
CREATE TABLE chat (ROWID INTEGER PRIMARY KEY, guid TEXT, chat_identifier TEXT, display_name TEXT);
CREATE TABLE chat_handle_join (chat_id INTEGER, handle_id INTEGER);
CREATE TABLE chat_message_join (chat_id INTEGER, message_id INTEGER, PRIMARY KEY (chat_id, message_id));
CREATE TABLE message (ROWID INTEGER PRIMARY KEY, guid TEXT UNIQUE NOT NULL, text TEXT, handle_id INTEGER DEFAULT 0, attributedBody BLOB, service TEXT, account TEXT, error INTEGER DEFAULT 0, date INTEGER, date_read INTEGER, date_delivered INTEGER, is_delivered INTEGER, is_from_me INTEGER, is_read INTEGER, is_sent INTEGER, item_type INTEGER DEFAULT 0, associated_message_type INTEGER DEFAULT 0);
INSERT INTO handle WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM i WHERE n<500) SELECT n, '+1555'||(1000000+n), 'iMessage' FROM i;
INSERT INTO chat SELECT ROWID, 'iMessage;-;'||id, id, NULL FROM handle;
INSERT INTO chat_handle_join SELECT ROWID, ROWID FROM handle;
INSERT INTO message (ROWID,guid,text,handle_id,attributedBody,service,account,date,date_read,date_delivered,is_delivered,is_from_me,is_read,is_sent) WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM i WHERE n<N) SELECT n, printf('%08X-0000-4000-8000-%012X', n, n), NULL, n%500+1, CAST(x'040b73747265616d747970656481e803840140848484194e534d757461626c6541747472696275746564537472696e67008484124e5341747472696275746564537472696e67008484084e534f626a6563740085928484840f4e534d757461626c65537472696e67018484084e53537472696e67019584012b28' || printf('message %07d, a text of the usual length', n) || x'86' AS BLOB), 'iMessage', 'e:anna@example.com', (736228800+n)*1000000000, 0, 0, 1, n%2, 1, 1 FROM i;
INSERT INTO chat_message_join SELECT handle_id, ROWID FROM message;""", "message"),
    "whatsapp, messages": ("whatsapp", "msgstore.db", """
CREATE TABLE jid (_id INTEGER PRIMARY KEY, user TEXT NOT NULL, server TEXT NOT NULL, raw_string TEXT);
CREATE TABLE chat (_id INTEGER PRIMARY KEY, jid_row_id INTEGER UNIQUE, subject TEXT);
CREATE TABLE message (_id INTEGER PRIMARY KEY AUTOINCREMENT, chat_row_id INTEGER NOT NULL, from_me INTEGER NOT NULL, key_id TEXT NOT NULL, sender_jid_row_id INTEGER, status INTEGER, broadcast INTEGER, timestamp INTEGER, received_timestamp INTEGER, receipt_server_timestamp INTEGER, message_type INTEGER, text_data TEXT, starred INTEGER, sort_id INTEGER NOT NULL DEFAULT 0);
INSERT INTO jid WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM i WHERE n<500) SELECT n, '1555'||(1000000+n), 's.whatsapp.net', '1555'||(1000000+n)||'@s.whatsapp.net' FROM i;
INSERT INTO chat SELECT _id, _id, NULL FROM jid;
INSERT INTO message (_id,chat_row_id,from_me,key_id,sender_jid_row_id,status,timestamp,received_timestamp,receipt_server_timestamp,message_type,text_data) WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM i WHERE n<N) SELECT n, n%500+1, n%2, printf('3EB0%016X', n), 0, 13, 1714536428000+n*1000, 1714536428100+n*1000, -1, 0, 'message number '||n||', a text of usual length' FROM i;""", "message"),
}


def text(n):
    yield "android, SMS Backup & Restore", "android", "sms.xml", "<?xml version='1.0' encoding='UTF-8'?>\n<smses count=\"%d\">\n" % n, (
        '<sms protocol="0" address="+1555%07d" date="%d" type="%d" subject="null" body="message number %d, a text of usual length" service_center="null" read="1" status="-1" locked="0" date_sent="0" contact_name="Name" />\n'
        % (i % 500, 1714536428000 + i * 1000, i % 2 + 1, i) for i in range(n)), "</smses>\n"
    yield "vcard, contacts", "vcard", "a.vcf", "", (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Example;Name %d;;;\r\nFN:Name %d Example\r\nTEL;TYPE=CELL:+1555%07d\r\nEMAIL:name%d@example.com\r\nEND:VCARD\r\n" % (i, i, i, i) for i in range(n)), ""


def measure(a, n, run, say):
    """Prints rows/s of each plugin, by itself and without a sandbox, of sqlite3 or wc, and its peak memory at n and at n/10 rows."""
    rounds = 2 if n >= 500_000 else a.rounds
    say(f"\nwhat devices keep, {n:,} rows each, best of {rounds}: the plugin alone, `plugin run --json FILE`, against sqlite3 printing all columns of the table, or wc -l of the text")

    def ours(title, plugin, name, n):
        argv = [os.path.join(a.bin, "plugins", plugin, "plugin"), "run", "--json", name]
        with tempfile.TemporaryFile() as said:
            wall, cpu, rss = run(argv, watch=True, stderr=said)
            said.seek(0)
            found = said.read().decode()
        if ": complete" not in found or int(found.split("emitted ")[1].split(",")[0]) < n:
            raise SystemExit(f"{title}: not all came out\n{found}")
        return wall, cpu, max(rss.values(), default=0) / 1024

    def line(title, plugin, make, other):
        small = make(n // 10)
        flat = ours(title, plugin, small, n // 10)[2]
        os.unlink(small)
        name = make(n)
        mine = [ours(title, plugin, name, n) for _ in range(rounds)]
        them = n / min(run(other(name))[0] for _ in range(rounds))
        us, size = n / min(m[0] for m in mine), os.path.getsize(name)
        say(f"  {title}: {us:,.0f} rows/s, {size / n * us / 1e6:.1f} MB/s, {us / them:.2f} x {other(name)[0]} ({them:,.0f}); "
            f"CPU a row {min(m[1] for m in mine) / n * 1e6:.1f} microseconds; peak {max(m[2] for m in mine):.0f} MiB" + (f", {flat:.0f} for a tenth of the rows" if flat else ""))
        os.unlink(name)

    for title, (plugin, file, script, table) in SQL.items():
        def database(rows, file=file, script=script):
            name = os.path.join(a.work, file)
            subprocess.run(["sqlite3", "-batch", "-bail", name], input="PRAGMA journal_mode=OFF;\n" + script.replace("n<N)", f"n<{rows})"), text=True, check=True, stdout=subprocess.DEVNULL)
            return name
        line(title, plugin, database, lambda name, table=table: ["sqlite3", name, f"SELECT * FROM {table}"])
    for title, plugin, file in (f[:3] for f in text(0)):
        def written(rows, file=file):
            name = os.path.join(a.work, file)
            head, lines, tail = next(f[3:] for f in text(rows) if f[2] == file)
            with open(name, "w", newline="") as f:
                f.write(head)
                f.writelines(lines)
                f.write(tail)
            return name
        line(title, plugin, written, lambda name: ["wc", "-l", name])
