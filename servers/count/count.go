// Package count adds and subtracts readings: structs of integers, floats and
// structs of these, such as package wire's counts of connections and loadgen's of
// the host. It stands below all of them. It is for marks and for connections that
// end, and not for what each event passes.
package count

import "reflect"

// Add is both readings together.
func Add[T any](a, b T) T { return merge(a, b, 1) }

// Sub is what was counted since an earlier reading.
func Sub[T any](later, earlier T) T { return merge(later, earlier, -1) }

func merge[T any](a, b T, sign int64) T {
	each(reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem(), sign)
	return a
}

// each adds w to v, field by field. A field that is no number is a mistake of who
// declared it, and found by the test of all readings.
func each(v, w reflect.Value, sign int64) {
	for i := range v.NumField() {
		switch f, g := v.Field(i), w.Field(i); {
		case f.CanInt():
			f.SetInt(f.Int() + sign*g.Int())
		case f.CanFloat():
			f.SetFloat(f.Float() + float64(sign)*g.Float())
		case f.Kind() == reflect.Struct:
			each(f, g, sign)
		default:
			panic("count: " + v.Type().String() + "." + v.Type().Field(i).Name + " is no number")
		}
	}
}
