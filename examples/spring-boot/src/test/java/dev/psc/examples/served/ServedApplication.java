package dev.psc.examples.served;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** An application that uses nothing but the web. */
@EnableAutoConfiguration
@RestController
public class ServedApplication {

  /** Starts the application. */
  public static void main(String[] arguments) {
    SpringApplication.run(ServedApplication.class, arguments);
  }

  /** Returns a number that is expensive to calculate. */
  @GetMapping("/orders/{id}")
  public long order(@PathVariable("id") long id) {
    long sum = id;
    for (int i = 0; i < 20_000_000; i++) {
      sum = sum * 31 + i;
    }
    return sum;
  }
}
