// Converts profiles in legacy formats with google/pprof, and prints them beside conversions of others.
//
// Usage: legacy LEGACY CONVERTED OUT. For each file in LEGACY it writes what google/pprof reads to
// OUT/name.theirs, or "error", and what is in CONVERTED, if it is there, to OUT/name.ours.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/google/pprof/profile"
)

func text(p *profile.Profile) []byte {
	return []byte(fmt.Sprintf("%s\ndrop %s\nkeep %s\ntypes %d default %q\n",
		p, p.DropFrames, p.KeepFrames, len(p.SampleType), p.DefaultSampleType))
}

func read(legacy []byte) []byte {
	p, err := profile.ParseData(legacy)
	if err != nil || len(p.SampleType) == 0 {
		return []byte("error")
	}
	var written bytes.Buffer
	if err := p.Write(&written); err != nil {
		log.Fatal(err)
	}
	if p, err = profile.ParseData(written.Bytes()); err != nil {
		log.Fatal(err)
	}
	return text(p)
}

func main() {
	files, err := os.ReadDir(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for _, file := range files {
		legacy, err := os.ReadFile(filepath.Join(os.Args[1], file.Name()))
		if err != nil {
			log.Fatal(err)
		}
		out := filepath.Join(os.Args[3], file.Name())
		if err := os.WriteFile(out+".theirs", read(legacy), 0o600); err != nil {
			log.Fatal(err)
		}
		converted, err := os.ReadFile(filepath.Join(os.Args[2], file.Name()))
		if err != nil {
			continue
		}
		if err := os.WriteFile(out+".ours", read(converted), 0o600); err != nil {
			log.Fatal(err)
		}
	}
}
