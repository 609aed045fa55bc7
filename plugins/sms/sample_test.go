package main_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// The samples of `exhibit plugin test`.
func TestSamples(t *testing.T) {
	sdktest.Sample(t, "testdata/gb18030.csv", encode(t, "gb18030", chinese))
	sdktest.Sample(t, "testdata/gb18030.csv.job.json", []byte(`{"operation":"parse","config":{"zone":"+08:00"}}`+"\n"))
	sdktest.Sample(t, "testdata/utf-16.tsv", encode(t, "utf-16le", "\ufeffFrom\tTo\tBody\tDate\r\n+15550100\t+15550101\t\"two\r\nlines\"\t2008-08-20 21:00:05\r\n+15550101\t+15550100\tyes\t2008-08-20 21:01:00\r\n"))
	sdktest.Sample(t, "testdata/layout.txt", []byte("f|t|w|x\n'105'|'106'|2008-08-20 21:00|'a line\r\nand another'\r\n107|108|2008-08-20 21:01|plain text\nhalf\n"))
	sdktest.Sample(t, "testdata/layout.txt.job.json", []byte(`{"operation":"parse","config":`+byLayout+"}\n"))
	sdktest.Sample(t, "testdata/table.csv", []byte("a,b,c\n1,something,3\n4,5,6\n7,8,9\n"))
}
