// Unpack makes an artifact of each member of a container: gzip, bzip2, xz and
// zstd streams, tar archives (plain or inside one of these), zip, 7z, RAR and ar
// archives. What is encrypted is opened with the passwords among the keys of the case.
//
// Nothing is ever written to a filesystem: names are data, links are not
// followed. What is damaged is kept as far as it can be read, and marked.
package main

import "github.com/exhibit-forensics/exhibit/plugins/sdk"

func main() {
	sdk.Main(plugin())
}
