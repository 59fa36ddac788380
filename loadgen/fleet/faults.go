package fleet

import (
	"context"

	"pushbench/servers/control"
)

// In a trial with a fault subscriptions end that nobody has told to, and when
// they do is what is measured: control.Ended tells of them. Trial time passes
// meanwhile, with no command in hand that would have to be answered.

func (f *fleet) start(_ context.Context, a control.RunArgs) (control.None, error) {
	f.timeline.Run(a.Origin, a.To)
	return control.None{}, nil
}
