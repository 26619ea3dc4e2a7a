# Lo que el bot dice solo en Telegram. $style es el título de un estilo, $count un número de imágenes.

telegram-start =
    ¡Hola! Convierto fotos en pinturas, al estilo del cine de animación japonés pintado a mano. Pinta una máquina, no una persona.

    Envíame una foto y la pintaré. Si quieres, nombra un estilo en el pie de foto, o elige aquí el tuyo de siempre:
telegram-help =
    Envíame una foto, un álbum o un archivo de imagen y lo pintaré.
    En el pie puedes nombrar un estilo y una intensidad: «acuarela 80 %».
    Responde a cualquier foto con el nombre de un estilo para que la pinte así.
    En un grupo, mencióname con una foto o al responder a una.

    /styles muestra los estilos
    /style elige el tuyo de siempre
    /again pinta otra vez la última foto
    /me pinta tu foto de perfil
    /status muestra tu lugar en la fila
    /cancel retira tus fotos
    /language elige el idioma
    /privacy dice qué guardo
    /forget lo borra
telegram-hint = Envíame una foto y la pintaré. /help cuenta lo demás.
telegram-no-face = No veo ninguna foto de perfil tuya. Envíame una foto y la pintaré.
telegram-privacy =
    Tu foto se borra en cuanto se entrega la pintura. Las pinturas se guardan unos días, para que funcionen sus botones, y luego también se borran.
    Dónde y con qué se hizo una foto nunca pasa a la pintura.
    /forget borra todo lo tuyo al momento.

## Durante la espera, y después.

telegram-received = { $count ->
    [one] Recibí tu foto.
   *[other] Recibí tus { $count } fotos.
}
telegram-not-painted = No pude pintar esta foto.
telegram-ready = Tu pintura está terminada.
telegram-painted-below = { $count ->
    [one] Listo, tu pintura está más abajo ↓
   *[other] Listo, tus { $count } pinturas están más abajo ↓
}
telegram-in-doubt = { $count ->
    [one] Envié tu pintura, pero se cortó la línea y no sé si llegó. Si no está aquí, toca el botón.
   *[other] Envié tus pinturas, pero se cortó la línea y no sé si llegaron. Si no están aquí, toca el botón.
}
telegram-no-pictures-here = No puedo enviar imágenes en este chat, así que no puedo mostrar aquí tu pintura.
telegram-not-taken = Tu pintura está lista, pero Telegram no la aceptó y no puedo mostrarla aquí. Lo siento.
telegram-guest-needs-chat = Tu pintura está lista, pero todavía no puedo traerla aquí. Abre una vez un chat conmigo y pídela de nuevo: { $link }
telegram-cancelled = Retirada.
telegram-cancelled-all = { $count ->
    [one] Tu foto está retirada.
   *[other] Tus { $count } fotos están retiradas.
}
telegram-cancel-none = No tienes nada en espera.
telegram-cancel-late = Demasiado tarde, ya está pintada.
telegram-cancel-not-yours = Solo quien envió la foto puede cancelarla.
telegram-status-none = No tienes nada en espera. ¡Envíame una foto!
telegram-photo-gone = Esa foto ya no se guarda. Envíala otra vez, por favor.
telegram-compared = La foto y su pintura

## Botones.

telegram-softer = Más suave
telegram-stronger = Más intenso
telegram-again = Otra vez
telegram-original = Máxima calidad
telegram-compare = Antes y después
telegram-cancel = Cancelar
telegram-resend = Enviar otra vez
telegram-inline-start = Pinta tu primera foto

## Preferencias.

telegram-style-which = ¿Qué estilo será el tuyo de siempre?
telegram-style-unknown = No conozco ese estilo. Estos son los que pinto:
telegram-style-set = A partir de ahora pinto en { $style }, si no nombras otro estilo.
telegram-language = ¿Qué idioma prefieres?
telegram-language-name = Español
telegram-language-set = Te hablaré en español.
telegram-forget = ¿Borro todo lo que guardo de ti? Lo que está en espera se retira.
telegram-forget-yes = Borrar todo
telegram-forget-never = Borrar todo y no pintar nunca mis fotos
telegram-forget-no = Conservarlo
telegram-forgot-yes = Todo lo tuyo está borrado.
telegram-forgot-never = Todo lo tuyo está borrado, y las fotos que publiques no se pintarán.
telegram-forgot-no = No se ha borrado nada.

## Para administradores de grupos.

telegram-groups-only = Este es un ajuste de grupos.
telegram-admins-only = Solo los administradores de este grupo pueden cambiarlo.
telegram-group-style-set = En este grupo pinto ahora en { $style }, si el mensaje no nombra otro estilo.
telegram-cooldown-how = Di los segundos entre dos fotos de un miembro, por ejemplo /cooldown 60. Con 0 no hay espera.
telegram-cooldown-set = { $wait_s ->
    [0] Ya no hay espera entre las fotos de un miembro.
   *[other] Ahora los miembros esperan { DURATION($wait_s) } entre dos fotos.
}
telegram-others-how = /others on permite pintar fotos de otros miembros; /others off, solo las propias.
telegram-others-on = Los miembros pueden pedir que se pinten fotos de otros.
telegram-others-off = Los miembros solo pueden pedir que se pinten sus propias fotos.

## Para quienes llevan el bot.

telegram-operator-done = Hecho.
telegram-operator-how =
    /stats
    /pause STAGE [PLATFORM], /resume STAGE [PLATFORM], donde STAGE es { $stages }
    /ban ID, /unban ID, donde ID es el número de un usuario o PLATFORM:ID

## Menús y perfil.

telegram-command-style = Elegir mi estilo de siempre
telegram-command-styles = Ver todos los estilos
telegram-command-again = Pintar otra vez la última foto
telegram-command-me = Pintar mi foto de perfil
telegram-command-status = Mi lugar en la fila
telegram-command-cancel = Retirar mis fotos
telegram-command-language = Elegir el idioma
telegram-command-privacy = Qué se guarda
telegram-command-forget = Borrar todo lo mío
telegram-command-help = Cómo funciona
telegram-command-cooldown = Espera entre dos fotos de un miembro
telegram-command-others = Si se pueden pintar fotos de otros
telegram-description = Envíame una foto y la pinto al estilo de la animación japonesa hecha a mano; pinta una máquina. En grupos, mencióname al responder a una foto.
telegram-short-description = Pinto tus fotos al estilo del cine de animación japonés.
telegram-by-machine = pintado por una máquina
