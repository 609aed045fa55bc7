package detect

import (
	"slices"
	"strings"
)

// common are English words of five letters and more that people take for names of accounts,
// and that mean something else in most texts.
var common = func() []string {
	words := strings.Fields(`about above admin after again alone angel apple april august beach being below black blood board bring broken brother brown build
called candy change charlie child china class clear clever close cloud coffee common could crazy dance dark death december devil doctor dream earth eight email
enough every faith family father fight final first flower force forever freedom friday friend friends funny future game ghost girls given glass going golden
grace great green guest happy harley heart heaven hello hockey honey horse hotel house hunter internet island japan johnny joker july justice king knight known large later
laugh leave level light little lonely lover lucky magic march maria market master matter maybe might million mobile monday money month moon morning mother mountain
movie music never night ninja north nothing number ocean office online orange order other paper party peace people phone photo place planet please point power
princess public queen quiet rainbow ready right river rocky rose sarah saturday scorpion secret seven shadow shall silver simple sister skype smile snake something
sorry south space spirit spring start state stone storm story street student summer sunday sunny sunshine super sweet system taiwan thanks there these thing think
three tiger today together tomorrow tonight travel truth under until victory video voice waiting water wealth welcome where which white whole william winter woman women
wonder world would write yahoo years yellow young zebra`)
	slices.Sort(words)
	return words
}()

// commonWord reports whether a folded text is a word that stands in texts that mean nobody.
func commonWord(s string) bool {
	_, found := slices.BinarySearch(common, s)
	return found
}
