package dev.psc.examples.spring;

import dev.psc.spring.TenantResolver;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** A small shop. The starter profiles it; {@code application.properties} has the settings. */
@SpringBootApplication
public class ShopApplication {

  /** Starts the application; {@code --server.port=0} selects a free port. */
  public static void main(String[] arguments) {
    SpringApplication.run(ShopApplication.class, arguments);
  }

  /** Names the tenant of a request, for the label {@code tenant}. */
  @Bean
  public TenantResolver tenants() {
    return request -> ((HttpServletRequest) request).getHeader("X-Tenant");
  }
}
