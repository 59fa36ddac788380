package run

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	Calibrators, FirstCanaries = 2, 2 // a little of both shows that they are measured
	goleak.VerifyTestMain(m)
}
