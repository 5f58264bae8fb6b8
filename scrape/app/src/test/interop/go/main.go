// A small service to scrape: heap, goroutines, a contended mutex and CPU work, with
// net/http/pprof on a free port of the loopback interface. It prints the address it listens on and
// exits when its standard input closes, so that no test leaves one behind.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"sync"
	"time"
)

var (
	kept   [][]byte
	keptMu sync.Mutex
	sum    [32]byte
)

//go:noinline
func burnCPU(deadline time.Time) {
	block := make([]byte, 4096)
	for time.Now().Before(deadline) {
		digest := sha256.Sum256(block)
		copy(block, digest[:])
	}
	copy(sum[:], block)
}

//go:noinline
func holdMutex(mu *sync.Mutex) {
	mu.Lock()
	time.Sleep(2 * time.Millisecond)
	mu.Unlock()
}

//go:noinline
func keepMemory(n int) {
	keptMu.Lock()
	defer keptMu.Unlock()
	kept = append(kept, make([]byte, n))
	if len(kept) > 64 {
		kept = kept[1:]
	}
}

//go:noinline
func waitForever(done chan struct{}) { <-done }

func main() {
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	runtime.MemProfileRate = 4096

	var mu sync.Mutex
	done := make(chan struct{})
	for i := 0; i < 4; i++ {
		go func() {
			for {
				holdMutex(&mu)
			}
		}()
	}
	for i := 0; i < 7; i++ {
		go waitForever(done)
	}
	go func() {
		for {
			burnCPU(time.Now().Add(20 * time.Millisecond))
			keepMemory(64 << 10)
			time.Sleep(30 * time.Millisecond)
		}
	}()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	go func() { fmt.Fprintln(os.Stderr, http.Serve(listener, nil)) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
