// Writes this process's own profiles with the standard library: cpu.pb.gz with labels, and heap, allocs, block, mutex,
// goroutine and threadcreate before and after some more work.
package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"
)

var kept [][]byte

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func allocate(rounds int) {
	for i := 0; i < rounds; i++ {
		kept = append(kept, make([]byte, 1<<(i%14)))
		if i%3 == 0 {
			kept = kept[:len(kept)-1]
		}
	}
}

func deep(levels, rounds int) {
	if levels > 0 {
		deep(levels-1, rounds)
		return
	}
	allocate(rounds)
}

func contend() {
	var lock sync.Mutex
	var done sync.WaitGroup
	for i := 0; i < 8; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			for j := 0; j < 20; j++ {
				lock.Lock()
				time.Sleep(100 * time.Microsecond)
				lock.Unlock()
			}
		}()
	}
	done.Wait()
}

func burn(d time.Duration) (sum uint64) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		for i := uint64(0); i < 100000; i++ {
			sum = sum*31 + i
		}
	}
	return sum
}

func dump(dir, when string) {
	runtime.GC()
	for _, name := range []string{"heap", "allocs", "block", "mutex", "goroutine", "threadcreate"} {
		file, err := os.Create(filepath.Join(dir, name+"."+when+".pb.gz"))
		check(err)
		check(pprof.Lookup(name).WriteTo(file, 0))
		check(file.Close())
	}
}

func main() {
	runtime.MemProfileRate = 512
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	dir := os.Args[1]
	deep(5, 2000)
	contend()
	dump(dir, "before")
	file, err := os.Create(filepath.Join(dir, "cpu.pb.gz"))
	check(err)
	check(pprof.StartCPUProfile(file))
	for i := 0; i < 4; i++ {
		pprof.Do(context.Background(), pprof.Labels("route", "/r"+strconv.Itoa(i), "kind", "ä"), func(context.Context) {
			burn(150 * time.Millisecond)
		})
	}
	pprof.StopCPUProfile()
	check(file.Close())
	deep(9, 1500)
	contend()
	time.Sleep(5 * time.Millisecond)
	dump(dir, "after")
}
