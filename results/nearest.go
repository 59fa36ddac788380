package results

import "strings"

// Nearest is the known word that got most likely was meant to be, or "" where
// none is near: a third of the letters may differ, one always.
func Nearest(got string, known []string) string {
	best, bound := "", max(1, len(got)/3)+1
	if len(got) > MaxWord {
		return ""
	}
	for _, k := range known {
		if d := distance(strings.ToLower(got), strings.ToLower(k)); d < bound {
			best, bound = k, d
		}
	}
	return best
}

// MaxWord is longer than any word that is known, so that what is longer needs no search.
const MaxWord = 100

// distance is the number of single-byte insertions, deletions and
// substitutions between a and b (Levenshtein 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substituted := diagonal
			if a[i] != b[j] {
				substituted++
			}
			diagonal = row[j+1]
			row[j+1] = min(substituted, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
