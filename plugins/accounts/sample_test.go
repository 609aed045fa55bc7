package main_test

import (
	"testing"

	"github.com/exhibit-forensics/exhibit/plugins/sdk/sdktest"
)

// The samples of `exhibit plugin test`.
func TestSamples(t *testing.T) {
	for name, dump := range samples() {
		sdktest.Sample(t, "testdata/"+name+".sql", []byte(dump))
	}
	sdktest.Sample(t, "testdata/layout.sql", []byte(samples()["mysqldump"]))
	sdktest.Sample(t, "testdata/layout.sql.job.json", []byte(`{"operation":"parse","config":{"layout":{"tables":{"users":{"kind":"contact","columns":{"name":["first_name","last_name"],"time":"reg_time"},"time":{"unit":"s"}}}},"zone":"+08:00"}}`+"\n"))
}
