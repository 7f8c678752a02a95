package tenant

import (
	"slices"
	"strings"
)

// guesses are the words that lists of leaked passwords begin with, without what people add to them.
const guesses = `password passwort passwd passphrase qwerty qwertz qwertyuiop qwertyui azerty azertyuiop asdfgh asdfghjk asdfghjkl zxcvbn zxcvbnm
	qazwsx qazwsxedc letmein welcome iloveyou lovely sunshine princess football baseball basketball soccer hockey monkey dragon
	superman batman spiderman starwars pokemon master shadow michael jennifer jordan hunter ranger daniel george charlie andrew
	michelle jessica ashley nicole computer internet samsung google facebook linkedin microsoft windows whatever trustno freedom
	flower butterfly chocolate cookie cheese pepper ginger summer winter spring autumn monday friday january december admin
	administrator root toor guest user test testing tester demo default changeme changeit temp temporary secret supersecret access
	login master system server oracle mysql public private killer matrix mustang corvette mercedes ferrari porsche harley liverpool
	arsenal chelsea barcelona abc abcd abcdef abcdefg abcdefgh qweasd qweasdzxc qweqwe asdasd zxczxc passpass`

// plain undoes what people write for letters.
var plain = strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t")

// weak tells whether a password is among the first that anybody would guess, who knows these words about its owner: a common
// word, one character over and over, a row of the keyboard or of digits, the owner's own name, each with or without digits
// and marks around it.
func weak(password string, known []string) bool {
	folded := strings.ToLower(password)
	if repeats(folded) || strings.Contains("0123456789012345678909876543210987654321", folded) {
		return true
	}
	words := strings.Fields(guesses)
	for _, text := range known {
		text = strings.ToLower(text)
		local, _, _ := strings.Cut(text, "@")
		words = append(words, text, local)
		words = append(words, strings.Fields(text)...)
	}
	const marks = "0123456789!?.,-_*#@$%&+ "
	return slices.ContainsFunc([]string{
		folded, strings.Trim(folded, marks), plain.Replace(strings.Trim(folded, marks)),
		plain.Replace(strings.TrimRight(folded, marks)),
	}, func(guess string) bool { return guess != "" && slices.Contains(words, guess) })
}

// repeats tells whether text is a piece of at most four characters over and over.
func repeats(text string) bool {
	const longest = 4
	for n := 1; n <= longest && 2*n <= len(text); n++ {
		if strings.Repeat(text[:n], len(text)/n+1)[:len(text)] == text {
			return true
		}
	}
	return false
}
