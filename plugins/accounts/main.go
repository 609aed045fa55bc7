// Accounts reads the rows of SQL dumps as mysqldump and pg_dump write them, and
// makes accounts and contacts of the tables that hold such.
//
// A dump is read as a stream: statements are told apart as the database's own
// client does, so that what stands inside a string, a comment or a trigger's body
// is never taken for a row.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

func main() { sdk.Main(plugin()) }
