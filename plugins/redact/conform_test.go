//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/exhibit-forensics/exhibit/evidence"
	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// records is a small record set with every kind that has fields of its own.
func records(n int) string {
	var b strings.Builder
	put := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for i := range n {
		text := []string{"办公室电话021-60132224 邮箱a1@example.com谢谢", "call b2 at +1 202 555 0123", "我的手机是1380013", "8000 记住了", "nothing"}[i%5]
		put(`{"account":"tomsky%d","attachments":[{"name":"a.jpg"}],"from":"tomsky%d","ip":"192.0.2.%d","kind":"message","service":"chat","source":{"length":1,"offset":%d},"text":"%s","time":"2008-08-01T00:00:%02dZ","to":["blue%d"]}`, i%5, i/5, i%7, i, text, i%60, i%3)
	}
	put(`{"duration_s":60,"from":"tomsky1","kind":"call","service":"chat","source":{"pointer":"/"},"time":null,"to":["+86 10 6013-2224"]}`)
	put(`{"credential":{"type":"password","value":"Pa5swörd"},"emails":["a1@example.com"],"ips":["192.0.2.1"],"kind":"account","national_id":"11010519491231002X","phones":["+86 10 6013-2224"],"source":{"pointer":"/"},"username":"tomsky1"}`)
	put(`{"emails":null,"kind":"contact","names":["王小明"],"owner":null,"phones":["12345"],"source":{"pointer":"/"},"usernames":["blue1",null]}`)
	put(`{"columns":{"id":7,"phone":13812345678,"raw":{"raw":"/w==","text":"\ufffd"},"x/y~z":"tomsky1"},"kind":"row","source":{"pointer":"/"},"table":"t"}`)
	put(`{"file_name":"王小明.doc","file_path":"C:\\Users\\tomsky1\\王小明.doc","file_size":1,"from":"tomsky1","kind":"transfer","source":{"pointer":"/"},"to":["blue1"]}`)
	return b.String()
}

func TestConforms(t *testing.T) {
	sdktest.Run(t, plugin(), []sdktest.Case{
		{Name: "records", Operation: evidence.OpRedact, Data: []byte(records(40)), Config: []byte(`{"zone":"+08:00","regions":["CN","US"]}`)},
		{Name: "policy", Operation: evidence.OpRedact, Data: []byte(records(10)), Config: []byte(`{"allow":["a1@example.com"],"custom":[{"category":"code_name","id":"n","literals":["记住"]},{"category":"code_name","id":"p","pattern":"办公.","prefilter":"办公"}],"fields":{"message.ip":"skip","row.columns.id":"person_name"}}`)},
	})
}
