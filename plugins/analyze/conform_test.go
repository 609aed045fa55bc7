//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// records is a small record set with every kind that the analysis looks at.
func records(n int) string {
	var b strings.Builder
	put := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, term := range []string{"Falun", "falungong", "六四"} {
		put(`{"effect":"censor","kind":"keyword","list":"k","source":{"pointer":"/"},"term":%q}`, term)
	}
	for i := range n {
		text := []string{"about ＦＡＬＵＮ today", "关于六四,我有话要说", "nothing \\\"here\\\"", "falungong falun"}[i%4]
		put(`{"account":"a%d","direction":"outgoing","from":"a%d","ip":"192.0.2.%d","kind":"message","matched_term":null,"service":"chat","source":{"length":1,"offset":%d},"text":"%s","time":"2008-08-01T0%d:00:00Z","to":["b%d"]}`, i%5, i%5, i%7, i, text, i%10, i%3)
	}
	put(`{"duration_s":60,"from":"a1","kind":"call","service":"chat","source":{"pointer":"/"},"time":null,"to":["+86 10 1234-5678"]}`)
	put(`{"emails":["a1@example.com"],"ips":["192.0.2.1"],"kind":"account","phones":["+86 10 1234-5678"],"source":{"pointer":"/"},"username":"a1"}`)
	put(`{"emails":null,"kind":"contact","owner":null,"phones":["12345"],"source":{"pointer":"/"},"usernames":["b1",null]}`)
	return b.String()
}

func TestConforms(t *testing.T) {
	sdktest.Run(t, plugin(), []sdktest.Case{
		{Name: "records", Operation: evidence.OpAnalyze, Data: []byte(records(40)), Config: []byte(`{"zone":"+08:00"}`)},
		{Name: "in parts", Operation: evidence.OpAnalyze, Data: []byte(records(120)), Config: []byte(`{"memory":4096}`)},
	})
}
