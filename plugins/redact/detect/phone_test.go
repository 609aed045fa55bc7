package detect

import (
	"fmt"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// The areas are those of the library: some number of each is valid by it, and none of any
// other.
func TestAreaCodes(t *testing.T) {
	for area := range 1000 {
		digits := fmt.Sprintf("%03d", area)
		if digits[0] < '3' || digits == "400" || digits == "800" || digits == "950" { // those dial services
			continue
		}
		valid := false
		for _, rest := range []string{"2234567", "3234567", "5234567", "6234567", "8234567", "22345678", "52345678", "62345678", "82345678"} {
			n, err := phonenumbers.Parse("0"+digits+rest, "CN")
			valid = valid || err == nil && phonenumbers.IsValidNumber(n)
		}
		if got := areaCode([]byte(digits)); got != valid {
			t.Errorf("area %s: %v, by the library %v", digits, got, valid)
		}
	}
}
