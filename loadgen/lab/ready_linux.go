package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"pushbench/servers/control"
)

// tryingVar tells a process that it is one which Ready started.
const tryingVar = "PUSHBENCH_LAB_TRYING"

// tryTime is how long a path may take to be made: it takes some milliseconds.
const tryTime = 10 * time.Second

// Ready makes a path for each of the congestion controls, for the default one if
// none is named, just as a trial would, and lets go of it. Its error says what is
// missing and what would mend it; without the lab, loopback can be measured all
// the same.
func Ready(algorithms ...string) error {
	if len(algorithms) == 0 {
		algorithms = Congestions[:1]
	}
	if os.Getenv(tryingVar) != "" {
		return errors.New("try the lab: this program does not know the command link")
	}
	for _, a := range algorithms {
		if err := try(Conditions{Congestion: a}); err != nil {
			return err
		}
	}
	return nil
}

// try opens a path in a link process.
func try(c Conditions) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), tryTime, fmt.Errorf("nothing for %v", tryTime))
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "link")
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), tryingVar+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if !privileged() {
		cmd.SysProcAttr = userNamespace()
	}
	cmd.SysProcAttr.Setpgid = true // Ctrl-C is for this process
	in, err := cmd.StdinPipe()
	out, noOut := cmd.StdoutPipe()
	if err := errors.Join(err, noOut); err != nil {
		return fmt.Errorf("try the lab: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("make a user namespace: %w%s", err, hint(whyNoNamespace(err)))
	}
	var opened Opened
	err = control.NewPeer(in, out).Call(ctx, Open, OpenArgs{Conditions: c}, &opened)
	in.Close()
	if ended := cmd.Wait(); err == nil && ended != nil {
		err = fmt.Errorf("end the link: %w", ended)
	}
	return err
}
