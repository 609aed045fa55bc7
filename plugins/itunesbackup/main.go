// Itunesbackup makes of a backup by iTunes, Finder or idevicebackup2, whose files have
// hashes for names, the files of the device under their own paths; of an encrypted one
// with its password.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

func main() { sdk.Main(plugin()) }
