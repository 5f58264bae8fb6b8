package dev.psc.examples.recipes;

import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.PprofRequest;
import dev.psc.jvm.PprofResponse;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.annotation.Factory;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import java.util.HashMap;
import java.util.Map;

/** The same shop in Micronaut. */
final class MicronautShop {

  private MicronautShop() {}

  /** Starts profiling with the application. */
  @Factory
  static final class Profiling {

    @Context
    @Bean(preDestroy = "close")
    JvmProfiling profiling() {
      return JvmProfiling.builder().environment().start();
    }
  }

  /** Serves the profiles; a request with seconds blocks its thread, so not on the event loop. */
  @Controller("/debug/pprof")
  @ExecuteOn(TaskExecutors.BLOCKING)
  static final class Profiles {

    private final JvmProfiling profiling;

    Profiles(JvmProfiling profiling) {
      this.profiling = profiling;
    }

    @Get("/{+name}")
    HttpResponse<byte[]> profile(HttpRequest<?> request, @PathVariable("name") String name) {
      Map<String, String> query = new HashMap<>();
      request.getParameters().forEach((key, values) -> query.put(key, values.get(0)));
      Map<String, String> headers = new HashMap<>();
      request.getHeaders().forEach((key, values) -> headers.put(key, values.get(0)));
      PprofResponse profile =
          profiling.handler().handle(new PprofRequest("GET", name, query, headers));
      MutableHttpResponse<byte[]> response =
          HttpResponse.<byte[]>status(HttpStatus.valueOf(profile.status())).body(profile.body());
      profile.headers().forEach(response::header);
      return response;
    }
  }

  /** The work of the shop. */
  @Controller("/orders")
  @ExecuteOn(TaskExecutors.BLOCKING)
  static final class Shop {

    @Get("/{id}")
    String order(@PathVariable("id") String id) {
      return String.valueOf(Orders.price(id));
    }
  }
}
