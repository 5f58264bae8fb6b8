package dev.psc.examples.spring;

import dev.psc.jvm.JvmProfiling;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** A small shop that uses other versions of gRPC and protobuf. */
@SpringBootApplication
public class ShopApplication {

  /** Starts the application; {@code --server.port=0} selects a free port. */
  public static void main(String[] arguments) {
    JvmProfiling.prepare(); // a later start discards JIT-compiled code
    SpringApplication.run(ShopApplication.class, arguments);
  }

  /** Starts profiling; Spring closes it with the application. */
  @Bean
  public JvmProfiling profiling() {
    return JvmProfiling.builder().environment().start();
  }
}
