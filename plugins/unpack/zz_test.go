package main_test
import ("testing";"bytes";"fmt";"io";"github.com/mikelolasagasti/xz")
type fillr byte
func (s fillr) Read(p []byte)(int,error){for i:=range p{p[i]=byte(s)};return len(p),nil}
func TestZZ(t *testing.T){
	data := logLines(1_900_000)
	dir := t.TempDir(); write(t,dir,"data",data)
	stock(t,dir,"xz","-k","data"); w := read(t,dir,"data.xz")
	for _, n := range []int{4212, 8424,12636,29486} {
		o := unpack(t, w[:n]); a := o.Artifacts[0].Data
		i:=0; for i<len(a) && a[i]==data[i] {i++}
		fmt.Println(n, len(a), "agree", i)
		for _, f := range []byte{0,0xff,0x55} {
			r,_ := xz.NewReader(io.MultiReader(bytes.NewReader(w[:n]), io.LimitReader(fillr(f),64)),0)
			var out []byte; one := make([]byte,1)
			for { k,err := r.Read(one); out=append(out,one[:k]...); if err!=nil {fmt.Println(err);break} }
			i:=0; for i<len(out) && out[i]==data[i] {i++}
			fmt.Printf("  fill %x: %d agree %d\n", f, len(out), i)
		}
	}
}
