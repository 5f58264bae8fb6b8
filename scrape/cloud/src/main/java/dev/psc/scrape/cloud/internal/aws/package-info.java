/** Discovery by the API of EC2, with AWS credentials and signatures. Internal. */
@NullMarked
package dev.psc.scrape.cloud.internal.aws;

import org.jspecify.annotations.NullMarked;
