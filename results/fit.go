package results

import "math"

// leastSquares finds the c that minimise |Σ cⱼ·columnⱼ − y|, by a modified
// Gram–Schmidt reduction of the columns with y as one more of them, which is as
// stable as Householder's (Björck, BIT 7, 1967). It is not ok where a column is
// a combination of those before it, or a value is not finite.
func leastSquares(columns [][]float64, y []float64) (c []float64, residual float64, ok bool) {
	k := len(columns)
	q := make([][]float64, k)   // orthonormal
	r := make([][]float64, k)   // upper triangle: columnⱼ = Σ r[i][j]·qᵢ
	right := make([]float64, k) // y's parts along q
	rest := append([]float64{}, y...)
	for j, column := range columns {
		q[j] = append([]float64{}, column...)
		r[j] = make([]float64, k)
		for i := range j {
			r[i][j] = dot(q[i], q[j])
			subtract(q[j], r[i][j], q[i])
		}
		r[j][j] = norm(q[j])
		if !(r[j][j] > 1e-10*norm(column)) {
			return nil, 0, false
		}
		for n := range q[j] {
			q[j][n] /= r[j][j]
		}
		right[j] = dot(q[j], rest)
		subtract(rest, right[j], q[j])
	}
	c = make([]float64, k)
	for j := k - 1; j >= 0; j-- {
		c[j] = right[j]
		for i := j + 1; i < k; i++ {
			c[j] -= r[j][i] * c[i]
		}
		c[j] /= r[j][j]
		if math.IsNaN(c[j]) || math.IsInf(c[j], 0) {
			return nil, 0, false
		}
	}
	residual = norm(rest)
	return c, residual, !math.IsNaN(residual)
}

// nonNegative is leastSquares with no cⱼ below 0. The best such c is the plain
// solution for the columns it uses, so that with few columns every choice of
// them can be tried. A c of 0 is a column that would only do harm.
func nonNegative(columns [][]float64, y []float64) (c []float64, ok bool) {
	best := math.Inf(1)
	for choice := range 1 << len(columns) {
		var used [][]float64
		var places []int
		for j := range columns {
			if choice>>j&1 == 1 {
				used, places = append(used, columns[j]), append(places, j)
			}
		}
		part, residual, solved := leastSquares(used, y)
		if !solved || residual >= best || anyNegative(part) {
			continue
		}
		best, c = residual, make([]float64, len(columns))
		for i, j := range places {
			c[j] = part[i]
		}
	}
	return c, c != nil
}

func anyNegative(vs []float64) bool {
	for _, v := range vs {
		if v < 0 {
			return true
		}
	}
	return false
}

// apartFrom is what remains of a column when all that the others can say of it
// is taken away, as a share of the column: the sine of the angle between it and
// what they span. Others must not depend on each other.
func apartFrom(column []float64, others [][]float64) float64 {
	_, residual, ok := leastSquares(others, column)
	if length := norm(column); ok && length > 0 {
		return residual / length
	}
	return 0
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func norm(a []float64) float64 { return math.Sqrt(dot(a, a)) }

// subtract takes f times b from a.
func subtract(a []float64, f float64, b []float64) {
	for i := range a {
		a[i] -= f * b[i]
	}
}
