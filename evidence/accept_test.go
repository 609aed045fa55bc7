package evidence_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
)

func TestConditionsOfManifests(t *testing.T) {
	const text = `{"v":1,"name":"x","version":"1","title":"","description":"","licence":"","protocol":1,"runtime":"exec","program":"plugin","deterministic":true,
		"operations":[{"operation":"parse","accepts":[ACCEPT],"companions":COMPANIONS}]}`
	for name, c := range map[string]struct {
		accept, companions string
		good               bool
	}{
		"all":                {`{"sqlite_tables":["a"],"xml_root":["b","{urn:x}c","{}d"],"probe":true}`, `[{"role":"wal","suffix":"-wal"},{"role":"log","suffix":".log"}]`, true},
		"table without name": {`{"sqlite_tables":[""]}`, `[]`, false},
		"root without name":  {`{"xml_root":["{urn:x}"]}`, `[]`, false},
		"root with prefix":   {`{"xml_root":["x:a"]}`, `[]`, false},
		"open namespace":     {`{"xml_root":["{urn:x"]}`, `[]`, false},
		"far magic":          {`{"magic":[{"offset":65536,"hex":"00"}]}`, `[]`, false},
		"last magic":         {`{"magic":[{"offset":65535,"hex":"00"}]}`, `[]`, true},
		"no hex":             {`{"magic":[{"offset":0,"hex":"0"}]}`, `[]`, false},
		"role main":          {`{}`, `[{"role":"main","suffix":"-wal"}]`, false},
		"role input":         {`{}`, `[{"role":"input","suffix":"-wal"}]`, false},
		"role twice":         {`{}`, `[{"role":"a","suffix":"-wal"},{"role":"a","suffix":"-shm"}]`, false},
		"suffix twice":       {`{}`, `[{"role":"a","suffix":"-wal"},{"role":"b","suffix":"-wal"}]`, false},
		"no suffix":          {`{}`, `[{"role":"a","suffix":""}]`, false},
		"into a directory":   {`{}`, `[{"role":"a","suffix":"/x"}]`, false},
		"into a container":   {`{}`, `[{"role":"a","suffix":"!x"}]`, false},
		"beside":             {`{}`, `[{"role":"a","beside":"Manifest.plist"},{"role":"b","beside":"[0-9a-f][0-9a-f]/*"},{"role":"c","suffix":"-wal"}]`, true},
		"beside and suffix":  {`{}`, `[{"role":"a","beside":"x","suffix":"-wal"}]`, false},
		"beside, upwards":    {`{}`, `[{"role":"a","beside":"../x"}]`, false},
		"beside, absolute":   {`{}`, `[{"role":"a","beside":"/x"}]`, false},
		"beside, unclean":    {`{}`, `[{"role":"a","beside":"a//x"}]`, false},
		"beside, no pattern": {`{}`, `[{"role":"a","beside":"[a"}]`, false},
		"many twice":         {`{}`, `[{"role":"a","beside":"a*"},{"role":"b","beside":"b*"}]`, false},
		"unknown member":     {`{}`, `[{"role":"a","suffix":"x","must":true}]`, false},
		"nine":               {`{}`, `[` + strings.TrimSuffix(strings.Repeat(`{"role":"a","suffix":"x"},`, 9), ",") + `]`, false},
	} {
		_, err := evidence.ParsePluginManifest([]byte(strings.NewReplacer("ACCEPT", c.accept, "COMPANIONS", c.companions).Replace(text)))
		if (err == nil) != c.good || err != nil && !errors.Is(err, evidence.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInputsOfARun(t *testing.T) {
	a, b, c := evidence.Sum([]byte("a")), evidence.Sum([]byte("b")), evidence.Sum([]byte("c"))
	alone := evidence.Run{Input: a}
	if alone.Main() != a || alone.InputOf("wal") != a || len(alone.Reads()) != 1 || alone.Companions() != nil {
		t.Error(alone)
	}
	with := evidence.Run{Input: c, Inputs: []evidence.ManifestMember{{Role: "log", Artifact: b}, {Role: "main", Artifact: a}}}
	if with.Main() != a || with.InputOf("log") != b || with.InputOf("") != a || with.InputOf("main") != a || len(with.Reads()) != 2 || with.Reads()[0] != a ||
		len(with.Companions()) != 1 || with.Companions()[0].Role != "log" {
		t.Error(with.Reads(), with.Companions())
	}
	same := evidence.Run{Input: c, Inputs: []evidence.ManifestMember{{Role: "main", Artifact: a}, {Role: "wal", Artifact: a}}}
	if len(same.Reads()) != 1 || len(same.Companions()) != 1 {
		t.Error(same.Reads(), same.Companions())
	}
}
