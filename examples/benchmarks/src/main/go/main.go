// Does with google/pprof's own package what the benchmarks of psc-pprof are compared with, as often as it is asked to, and
// says what that cost: its standard input has lines like "parse 20" (op, calls), its standard output a line of JSON for each.
//
//	echo "keep 100" | go run . profile.pb.gz alloc_space
//
// Ops: parse is ParseData; keep is ParseData, cutting every sample's values to one type, Compact, which takes away the
// samples that are zero and whatever nothing refers to any more, and Write.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/google/pprof/profile"
)

type cost struct {
	Op    string `json:"op"`
	Calls int64  `json:"calls"`
	// Of the thread that works: what the garbage collector does concurrently is not included, what it makes the thread do is.
	ThreadNanos int64 `json:"thread_nanos"`
	// Of all threads, so with the garbage collector.
	ProcessNanos int64  `json:"process_nanos"`
	WallNanos    int64  `json:"wall_nanos"`
	Allocated    uint64 `json:"allocated_bytes"`
	// What the last call gave: the total of the sample type, and bytes written, 0 for parse.
	Total int64 `json:"total"`
	Bytes int64 `json:"bytes"`
}

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: %s profile sample-type", os.Args[0]))
	}
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail(err)
	}
	runtime.LockOSThread()
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var c cost
		if _, err := fmt.Sscanf(in.Text(), "%s %d", &c.Op, &c.Calls); err != nil {
			fail(err)
		}
		if c.Op != "parse" && c.Op != "keep" {
			fail(fmt.Errorf("no such op: %s", c.Op))
		}
		if err := c.measure(data, os.Args[2]); err != nil {
			fail(err)
		}
		if err := out.Encode(c); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func (c *cost) measure(data []byte, kept string) error {
	var last *profile.Profile
	var written bytes.Buffer
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	wall := time.Now()
	process := cpu(syscall.RUSAGE_SELF)
	thread := cpu(syscall.RUSAGE_THREAD)
	for range c.Calls {
		p, err := profile.ParseData(data)
		if err != nil {
			return err
		}
		if c.Op != "parse" {
			if err := cut(p, kept); err != nil {
				return err
			}
			p = p.Compact()
			written.Reset()
			if err := p.Write(&written); err != nil {
				return err
			}
		}
		last = p
	}
	c.ThreadNanos = cpu(syscall.RUSAGE_THREAD) - thread
	c.ProcessNanos = cpu(syscall.RUSAGE_SELF) - process
	c.WallNanos = time.Since(wall).Nanoseconds()
	runtime.ReadMemStats(&after)
	c.Allocated = after.TotalAlloc - before.TotalAlloc
	c.Bytes = int64(written.Len())
	if last == nil {
		return nil
	}
	at, err := column(last, kept)
	if err != nil {
		return err
	}
	for _, s := range last.Sample {
		c.Total += s.Value[at]
	}
	return nil
}

func column(p *profile.Profile, kept string) (int, error) {
	for i, t := range p.SampleType {
		if t.Type == kept {
			return i, nil
		}
	}
	return 0, fmt.Errorf("the profile has no sample type %s", kept)
}

func cut(p *profile.Profile, kept string) error {
	at, err := column(p, kept)
	if err != nil {
		return err
	}
	p.SampleType = p.SampleType[at : at+1]
	if p.DefaultSampleType != kept {
		p.DefaultSampleType = ""
	}
	for _, s := range p.Sample {
		s.Value = s.Value[at : at+1]
	}
	return nil
}

func cpu(who int) int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(who, &usage); err != nil {
		fail(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
