package dev.psc.examples.spring;

import dev.psc.jvm.JvmProfiling;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** A small shop that uses gRPC in other versions. */
@SpringBootApplication
public class ShopApplication {

  /** Starts the application; {@code --server.port=0} takes any port. */
  public static void main(String[] arguments) {
    JvmProfiling.prepare(); // before there is compiled code to lose
    SpringApplication.run(ShopApplication.class, arguments);
  }

  /** Profiles this JVM as long as the application runs; Spring closes it. */
  @Bean
  public JvmProfiling profiling() {
    return JvmProfiling.builder().environment().start();
  }
}
