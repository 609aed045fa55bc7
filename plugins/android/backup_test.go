package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	main "github.com/exhibit-forensics/exhibit/plugins/android"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

func TestBackup(t *testing.T) {
	records, diagnostics, out := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/sms-backup.xml"))
	if len(records) != 6 || sdktest.Count(diagnostics, "code", "backup.empty") != 1 || sdktest.Count(diagnostics, "code", "xml.malformed") == 0 || out.Result.Units.Declared != 9 || sdktest.Count(diagnostics, "code", "backup.count_differs") != 1 || out.Result.Outcome != evidence.OutcomeComplete {
		t.Fatalf("%d records, %+v, %v", len(records), out.Result.Units, diagnostics)
	}
	r := records[0]
	if r["text"] != "hello 😊 & \"you\"\nsecond line" || r["from"] != "+15550100" || r["status"] != "received, read" || r["time"] != "2024-05-01T04:07:08.038Z" || len(r["times"].([]any)) != 2 || r["extra"].(sdktest.Object)["contact_name"] != "Anna Example" {
		t.Errorf("%v", r)
	}
	// What the app wrote anew each time, names and dates for people, makes no difference.
	if r = records[1]; r["flags"] != nil || r["status"] != "sent, delivered" || sdktest.Join(r["to"], " ") != "+15550100" {
		t.Errorf("%v", r)
	}
	if r = records[2]; sdktest.Join(r["flags"], " ") != "duplicate" || sdktest.Count(diagnostics, "code", "backup.duplicate") != 1 {
		t.Errorf("%v", r)
	}
	if r = records[3]; sdktest.Join(r["flags"], " ") != "time_unreadable" || r["time_raw"] != "soon" {
		t.Errorf("%v", r)
	}
	m := records[4]
	a := m["attachments"].([]any)[0].(sdktest.Object)
	if m["service"] != "mms" || m["text"] != "look at this" || m["from"] != "+15550100" || sdktest.Join(m["to"], " ") != "+15550102 +15550101" || len(m["attachments"].([]any)) != 1 || m["time"] != "2024-05-01T04:10:00.000Z" {
		t.Errorf("%v", m)
	}
	picture, err := base64.StdEncoding.DecodeString("/9j/4AAQSkZJRgABAQAAAQABAAD/2Q==")
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Artifacts) != 1 || !bytes.Equal(out.Artifacts[0].Data, picture) || out.Artifacts[0].Name.Text != "mms-1/2-IMG_1.jpg" || !out.Artifacts[0].Complete || a["sha256"] != evidence.Sum(picture).String() || a["name"] != "IMG_1.jpg" || a["missing"] != nil {
		t.Errorf("%v, %+v", a, out.Artifacts)
	}
	if m = records[5]; m["from"] != nil || sdktest.Join(m["to"], " ") != "+15550100 +15550101" || m["text"] != "to both of you" || m["status"] != "sent" {
		t.Errorf("%v", m)
	}
}

func TestCallsBackup(t *testing.T) {
	records, _, out := sdktest.Read(t, main.Plugin(), sdktest.Load(t, "testdata/calls-backup.xml"))
	if len(records) != 3 || out.Result.Units.Declared != 3 {
		t.Fatal(len(records))
	}
	if r := records[0]; r["from"] != "+15550100" || r["display_name"] != "Anna Example" || r["duration_s"] != 61.0 || r["status"] != "answered" || r["time"] != "2024-05-01T04:07:08.038Z" {
		t.Errorf("%v", r)
	}
	if r := records[1]; r["from"] != nil || r["status"] != "missed" || r["extra"].(sdktest.Object)["presentation"] != "2" {
		t.Errorf("%v", r)
	}
	if r := records[2]; sdktest.Join(r["to"], " ") != "+15550101" || r["display_name"] != nil {
		t.Errorf("%v", r)
	}
}

// The file that somebody else made says two and holds three; every text in it, as
// encoding/xml reads it, comes out.
func TestBackupOfSample(t *testing.T) {
	c := sdktest.Load(t, sdktest.Shared(t, "sms-backup-xml/sms-and-mms.xml"))
	data := c.Data
	records, diagnostics, out := sdktest.Read(t, main.Plugin(), c)
	if len(records) != 3 || sdktest.Count(records, "service", "sms") != 1 || sdktest.Count(records, "service", "mms") != 2 || sdktest.Count(diagnostics, "code", "backup.count_differs") != 1 || out.Result.Units.Declared != 2 {
		t.Fatalf("%d records, %v", len(records), diagnostics)
	}
	var doc struct {
		SMS []struct {
			Body    string `xml:"body,attr"`
			Address string `xml:"address,attr"`
		} `xml:"sms"`
		MMS []struct {
			Parts []struct {
				Text string `xml:"text,attr"`
				Type string `xml:"ct,attr"`
			} `xml:"parts>part"`
			Addrs []struct {
				Address string `xml:"address,attr"`
				Type    int    `xml:"type,attr"`
			} `xml:"addrs>addr"`
		} `xml:"mms"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if r := records[0]; r["text"] != doc.SMS[0].Body || sdktest.Join(r["to"], " ") != doc.SMS[0].Address || r["time"] != "2012-05-11T09:47:44.538Z" {
		t.Errorf("%v", r)
	}
	if r := records[1]; r["from"] != "+491762345678" || r["text"] != nil || len(r["attachments"].([]any)) != 1 || r["time"] != "2014-09-30T20:41:40.000Z" {
		t.Errorf("%v", r)
	}
	var to []string
	for _, a := range doc.MMS[1].Addrs {
		if a.Type == 151 {
			to = append(to, a.Address)
		}
	}
	if r := records[2]; r["text"] != doc.MMS[1].Parts[1].Text || sdktest.Join(r["to"], " ") != strings.Join(to, " ") || r["direction"] != "outgoing" {
		t.Errorf("%v", r)
	}
}
