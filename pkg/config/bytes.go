package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is a size, spelled as a whole number of bytes or of Ki, Mi or Gi: "8Mi".
type Bytes int64

const binarySteps = "KMG" // each is 1,024 of the one before

// UnmarshalText reads what String writes.
func (b *Bytes) UnmarshalText(text []byte) error {
	digits, shift := string(text), 0
	if number, ok := strings.CutSuffix(digits, "i"); ok && number != "" {
		step := strings.IndexByte(binarySteps, number[len(number)-1])
		digits, shift = number[:len(number)-1], 10*(step+1)
		if step < 0 {
			digits = ""
		}
	}
	count, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || count < 0 || count > math.MaxInt64>>shift {
		return fmt.Errorf("%q is not a size such as 65536, 512Ki, 8Mi or 1Gi", text)
	}
	*b = Bytes(count << shift)
	return nil
}

// String spells the size with the largest unit that divides it.
func (b Bytes) String() string {
	unit := ""
	for step := 0; step < len(binarySteps) && b != 0 && b%1024 == 0; step++ {
		b, unit = b/1024, binarySteps[step:step+1]+"i"
	}
	return strconv.FormatInt(int64(b), 10) + unit
}
