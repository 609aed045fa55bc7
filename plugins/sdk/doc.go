// Package sdk is what a plugin author imports: it turns a function over an
// input into a process that exhibit can run.
//
//	func main() {
//		sdk.Main(sdk.Plugin{Name: "acme/pipe-sms", Version: "0.1.0", Parse: parse})
//	}
//
//	func parse(c *sdk.Ctx, in *sdk.Input, out *sdk.Out) error {
//		for ln := range in.Lines() {
//			f := bytes.SplitN(ln.Bytes, []byte("|"), 3)
//			if len(f) != 3 {
//				c.Reject(ln.Source(), "line.fields", "the line does not have three fields")
//				continue
//			}
//			m := sdk.SMS{From: sdk.Bytes(f[0]), To: []sdk.Text{sdk.Bytes(f[1])}, Text: sdk.Bytes(f[2])}
//			if err := out.Put(&m, ln.Source()); err != nil {
//				return err
//			}
//		}
//		return in.Err()
//	}
//
// The package owns the handshake, the descriptors, the canonical form of
// records, the account of units, limits, progress and panics
// (docs/formats/wire.md, docs/formats/records.md). A plugin is trusted with
// nothing: the host checks whatever is written here.
//
// A run is a pure function of the input, the configuration and the keys. No
// clock, no randomness, no map order may reach the output.
//
// What an [Op] is handed (Ctx, Input, Out) belongs to that one call, and is to be
// used from one goroutine at a time, but for [Input.ReadAt], which many may call.
package sdk
