package verify_test
import ("testing";"os";"bytes";"math/rand/v2";"time")
func TestZZ(t *testing.T){
	f := newFixture(t, t.TempDir(), "a")
	good, _ := os.ReadFile(f.path("case.db"))
	want := content(t, f.dir)
	random := rand.New(rand.NewPCG(3, uint64(time.Now().UnixNano())))
	start := time.Now(); n:=0
	for time.Since(start) < 60*time.Second {
		b := bytes.Clone(good)
		at := random.IntN(len(b))
		if random.IntN(3)==0 { at = random.IntN(200) }
		l := 1+random.IntN(4)
		p := make([]byte,l)
		for i := range p { p[i]=byte(random.IntN(256)); if random.IntN(3)==0 {p[i]=255} }
		copy(b[at:], p)
		s := time.Now()
		os.WriteFile("/tmp/vspike/last.db", b, 0o600)
		corrupted(t, f.dir, want, b)
		if d := time.Since(s); d > 500*time.Millisecond { t.Logf("%v at %d %x", d, at, p) ; os.WriteFile("/tmp/vspike/slow.db", b, 0o600)}
		n++
	}
	t.Log(n)
}
