package control

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pushbench/servers/wire"
)

// The ends of a child are told as soon as there are enough, or what there is of
// them when the time is over, also where it is over already.
func TestAwaitEnds(t *testing.T) {
	for _, test := range []struct {
		name    string
		args    EndedArgs
		ends    int           // one each second
		want    []int64       // of them
		elapsed time.Duration // until the answer
	}{
		{"none asked for", EndedArgs{Count: 0, Until: 10e9}, 2, nil, 0},
		{"enough", EndedArgs{Count: 2, Until: 10e9}, 3, []int64{1e9, 2e9}, 2 * time.Second},
		{"too few", EndedArgs{Count: 3, Until: 10e9}, 2, []int64{1e9, 2e9}, 10 * time.Second},
		{"too late", EndedArgs{Count: 1, Until: -1}, 1, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				ends := wire.Ends{Now: func() int64 { return int64(time.Since(begin)) }}
				done := make(chan struct{})
				go func() {
					defer close(done)
					for range test.ends {
						<-time.After(time.Second)
						ends.Add()
					}
				}()
				args, err := json.Marshal(test.args)
				if err != nil {
					t.Fatal(err)
				}
				got, err := AwaitEnds(&ends)(context.Background(), args)
				if err != nil {
					t.Fatal(err)
				}
				if at := got.([]int64); !slices.Equal(at, test.want) || time.Since(begin) != test.elapsed {
					t.Errorf("after %v it tells of %v, not after %v of %v", time.Since(begin), at, test.elapsed, test.want)
				}
				<-done
			})
		})
	}
}
