// Command ndjson is a plugin of runtime "ndjson" that needs no interpreter: a record
// for each byte of its input, and what it is not allowed.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	var job struct{ Operation string }
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if job.Operation == "describe" {
		fmt.Println(`{"describe":{"protocol":1,"operations":["parse"]}}`)
		fmt.Println(`{"done":true}`)
		return
	}
	b, err := io.ReadAll(os.NewFile(3, "input"))
	if err != nil {
		os.Exit(1)
	}
	for i := range b {
		fmt.Printf(`{"record":{"kind":"row","table":"bytes","columns":{"byte":%d},"source":{"offset":%d,"length":1}}}`+"\n", b[i], i)
	}
	own, err := os.ReadFile("data.txt")
	_, passwd := os.ReadFile("/etc/passwd")
	fmt.Printf(`{"diagnostic":{"code":"own.file","severity":"info","message":"%s %v %v","source":{"offset":0,"length":0}}}`+"\n", own, err == nil, os.IsPermission(passwd))
	fmt.Println(`{"done":true}`)
}
