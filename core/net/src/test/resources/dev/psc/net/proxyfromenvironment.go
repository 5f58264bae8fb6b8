package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
)

// Prints the proxy of each URL that is an argument, as a line of proxy-rules.txt has it.
func main() {
	ports := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}
	for _, arg := range os.Args[1:] {
		target, err := url.Parse(arg)
		if err != nil {
			panic(err)
		}
		proxy, err := http.ProxyFromEnvironment(&http.Request{URL: target})
		if err != nil || (proxy != nil && proxy.Hostname() == "") {
			fmt.Println("error")
			continue
		}
		if proxy == nil {
			fmt.Println("direct")
			continue
		}
		user := ""
		if proxy.User != nil {
			user = proxy.User.Username()
			if password, set := proxy.User.Password(); set {
				user += ":" + password
			}
			user += "@"
		}
		host, port := proxy.Hostname(), proxy.Port()
		if port == "" {
			port = ports[proxy.Scheme]
		}
		for _, c := range host {
			if c == ':' {
				host = "[" + host + "]"
				break
			}
		}
		fmt.Println(proxy.Scheme + "://" + user + host + ":" + port)
	}
}
