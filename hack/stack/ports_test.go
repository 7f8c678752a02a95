package stack

import "testing"

func TestNoPortIsGivenToTwo(t *testing.T) {
	var one, another ports
	taken := map[string]bool{}
	for range 200 { // by chance alone, some of so many would meet
		for _, p := range []*ports{&one, &another} {
			address := p.take()
			if taken[address] {
				t.Fatalf("%s was taken already", address)
			}
			taken[address] = true
		}
	}
	for _, p := range []*ports{&one, &another} {
		if err := p.giveBack(); err != nil {
			t.Error(err)
		}
	}
}
