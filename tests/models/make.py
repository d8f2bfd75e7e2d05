"""Trains and converts the models of this folder: a sine regressor and a digits classifier, int8 and float.

    python -m venv tf && tf/bin/pip install -r tests/models/requirements.txt
    tf/bin/python tests/models/make.py

Data: sine values, and the digits data set of scikit-learn (1,797 real 8x8 scans; E. Alpaydin, C. Kaynak, 1998,
UCI Machine Learning Repository). A quarter of the digits, never seen in training, goes to digits_test.npz. The
results are committed, since TensorFlow is far too large an install for a test run.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).resolve().parent
SEED = 7


def sine() -> tuple[tf.keras.Model, np.ndarray]:
    """A regressor of sin(x), x in [0, 2 pi): two hidden layers of 16."""
    x = np.random.default_rng(SEED).uniform(0, 2 * np.pi, (2000, 1)).astype(np.float32)
    model = tf.keras.Sequential(
        [
            tf.keras.Input((1,), batch_size=1, name="x"),
            tf.keras.layers.Dense(16, activation="relu"),
            tf.keras.layers.Dense(16, activation="relu"),
            tf.keras.layers.Dense(1),
        ]
    )
    train(model, x, np.sin(x), "mse", epochs=300, rate=0.005)
    return model, x


def digits_model() -> tf.keras.Model:
    """A small residual network of depthwise-separable blocks over 8x8 grey images."""
    layers = tf.keras.layers

    def separable(x: tf.Tensor, channels: int, stride: int) -> tf.Tensor:
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(channels, 1, use_bias=False)(x)
        return layers.BatchNormalization()(x)

    image = tf.keras.Input((8, 8, 1), batch_size=1, name="image")
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.ReLU()(layers.Add()([x, separable(x, 16, 1)]))
    x = layers.ReLU()(separable(x, 32, 2))
    x = layers.ReLU()(layers.Add()([x, separable(x, 32, 1)]))
    x = layers.GlobalAveragePooling2D()(x)
    return tf.keras.Model(image, layers.Dense(10, activation="softmax")(x))


def digits() -> tuple[tf.keras.Model, np.ndarray]:
    """The trained digits model and its training images; writes the test set."""
    data = load_digits()
    images = (data.images / 16.0).astype(np.float32)[..., np.newaxis]
    train_x, test_x, train_y, test_y = train_test_split(
        images, data.target, test_size=0.25, random_state=SEED, stratify=data.target
    )
    np.savez_compressed(
        HERE / "digits_test.npz",
        images=np.round(test_x[..., 0] * 16).astype(np.uint8),
        labels=test_y.astype(np.uint8),
    )
    model = digits_model()
    train(model, train_x, train_y, "sparse_categorical_crossentropy", epochs=60, rate=0.002)
    scores = model.predict(test_x, batch_size=1, verbose=0)
    print("digits: accuracy on the test set", float(np.mean(scores.argmax(1) == test_y)))
    return model, train_x


def train(model: tf.keras.Model, x: np.ndarray, y: np.ndarray, loss: str, epochs: int, rate: float) -> None:
    """Fit with Adam and a decaying rate; the model's batch size is fixed to 1, so it is rebuilt for training."""
    free = tf.keras.models.clone_model(model, input_tensors=tf.keras.Input(model.input_shape[1:]))
    schedule = tf.keras.optimizers.schedules.CosineDecay(rate, epochs * (len(x) // 32))
    free.compile(tf.keras.optimizers.Adam(schedule), loss=loss)
    free.fit(x, y, epochs=epochs, batch_size=32, verbose=0)
    model.set_weights(free.get_weights())


def convert(name: str, model: tf.keras.Model, samples: np.ndarray) -> None:
    """Write <name>_float.tflite and <name>_int8.tflite (int8 input and output)."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    (HERE / f"{name}_float.tflite").write_bytes(converter.convert())
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[np.newaxis]] for sample in samples[:500])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    (HERE / f"{name}_int8.tflite").write_bytes(converter.convert())


def main() -> None:
    """Make every model of this folder."""
    tf.keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    convert("sine", *sine())
    convert("digits", *digits())


if __name__ == "__main__":
    main()
