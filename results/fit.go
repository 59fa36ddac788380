package results

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// leastSquares finds the c that minimise |Σ cⱼ·columnⱼ − y|. It is not ok where a
// column is a combination of the others, or a value is not finite.
func leastSquares(columns [][]float64, y []float64) (c []float64, residual float64, ok bool) {
	rest := slices.Clone(y)
	if len(columns) > len(y) {
		return nil, 0, false
	}
	if len(columns) > 0 {
		a, lengths := mat.NewDense(len(y), len(columns), nil), make([]float64, len(columns))
		for j, column := range columns { // of length 1 each, since their units differ
			lengths[j] = floats.Norm(column, 2)
			a.SetCol(j, floats.ScaleTo(make([]float64, len(y)), 1/lengths[j], column))
		}
		var qr mat.QR
		var solution mat.VecDense
		qr.Factorize(a)
		if !(qr.Cond() < 1e10) || qr.SolveVecTo(&solution, false, mat.NewVecDense(len(y), y)) != nil {
			return nil, 0, false
		}
		c = floats.DivTo(make([]float64, len(columns)), solution.RawVector().Data, lengths)
		for j, column := range columns {
			floats.AddScaled(rest, -c[j], column)
		}
	}
	residual = floats.Norm(rest, 2)
	return c, residual, !math.IsNaN(residual)
}

// nonNegative is leastSquares with no cⱼ below 0. The best such c is the plain solution
// for the columns that it uses. They are few, so that every choice of them is tried.
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
		if !solved || residual >= best || slices.ContainsFunc(part, func(v float64) bool { return v < 0 }) {
			continue
		}
		best, c = residual, make([]float64, len(columns))
		for i, j := range places {
			c[j] = part[i]
		}
	}
	return c, c != nil
}

// apartFrom is the sine of the angle between a column and what others span, which must not
// depend on each other: the share of the column that they cannot say.
func apartFrom(column []float64, others [][]float64) float64 {
	_, residual, ok := leastSquares(others, column)
	if length := floats.Norm(column, 2); ok && length > 0 {
		return residual / length
	}
	return 0
}
